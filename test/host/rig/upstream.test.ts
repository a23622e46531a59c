import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { isAlive } from "./rig-program";
import { startUpstreams, type Upstreams } from "../../../host-tools/src/rig";
import { faultsAt, NO_FAULT } from "../../../host-tools/src/rig/upstream/fault-schedule";
import { drawServiceTime, type LatencyLaw } from "../../../host-tools/src/rig/upstream/latency-law";
import { planReply } from "../../../host-tools/src/rig/upstream/reply-plan";
import {
  UpstreamServer,
  type UpstreamSpec,
} from "../../../host-tools/src/rig/upstream/upstream-server";

const TOKENS = { prompt: 100, output: 10 };

/** Quantile of 40,000 seeded draws of the law's first answer. */
function quantileMs(law: LatencyLaw, q: number): number {
  const prng = seededPrng(7);
  const draws = Float64Array.from({ length: 40_000 }, () => {
    return drawServiceTime(law, prng, TOKENS).firstMs;
  }).sort();
  return draws[Math.floor(q * draws.length)] as number;
}

describe("the latency laws have the quantiles of their closed forms", () => {
  const z90 = 1.2816;
  const cases: [LatencyLaw, number, number][] = [
    [{ kind: "constant", ms: 5 }, 0.99, 5],
    [{ kind: "exponential", meanMs: 20 }, 0.5, 20 * Math.LN2],
    [{ kind: "exponential", meanMs: 20 }, 0.99, 20 * Math.log(100)],
    [{ kind: "lognormal", medianMs: 30, sigma: 0.5 }, 0.5, 30],
    [{ kind: "lognormal", medianMs: 30, sigma: 0.5 }, 0.9, 30 * Math.exp(0.5 * z90)],
    [{ kind: "pareto", minMs: 10, alpha: 2 }, 0.9, 10 * Math.sqrt(10)],
    [{ kind: "llm", ttftMs: 50, perPromptTokenMs: 0.5, perTokenMs: 9 }, 0.5, 100],
  ];
  for (const [law, q, wantMs] of cases) {
    it(`${law.kind} at ${q}`, () => {
      expect(quantileMs(law, q) / wantMs).toBeCloseTo(1, 1);
    });
  }
});

describe("the fault schedule", () => {
  const faults = [
    { atMs: 100, untilMs: 200, latencyFactor: 10 },
    { atMs: 150, untilMs: 300, latencyFactor: 2, errorPermille: 500, errorStatus: 500 },
  ];

  it("includes the start of a fault and excludes its end", () => {
    const factor = (ms: number): number => faultsAt(faults, ms).latencyFactor;
    expect([99, 100, 149, 150, 199, 200, 299, 300].map(factor)).toEqual([
      1, 10, 10, 20, 20, 2, 2, 1,
    ]);
    expect(faultsAt(faults, 160)).toMatchObject({ errorPermille: 500, errorStatus: 500 });
  });

  it("does nothing before the start command", () => {
    expect(faultsAt(faults, NaN)).toEqual(NO_FAULT);
  });

  it("never shifts the draws of the requests that it does not touch", () => {
    const law: LatencyLaw = { kind: "exponential", meanMs: 10 };
    const delays = (fault: typeof NO_FAULT): number[] => {
      const prng = seededPrng(3);
      return Array.from({ length: 100 }, () => planReply(law, fault, prng, TOKENS).delayMs);
    };
    expect(delays({ ...NO_FAULT, errorPermille: 300 })).toEqual(delays(NO_FAULT));
  });
});

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
  readonly firstByteMs: number;
  readonly totalMs: number;
}

function get(port: number, headers: Record<string, string> = {}): Promise<Reply> {
  const beginMs = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, headers }, (response) => {
      let body = "";
      let firstByteMs = 0;
      response.on("data", (chunk) => {
        firstByteMs ||= performance.now() - beginMs;
        body += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        const totalMs = performance.now() - beginMs;
        const status = response.statusCode ?? 0;
        resolve({ status, headers: response.headers, body, firstByteMs, totalMs });
      });
    });
    sent.on("error", reject).end();
  });
}

const open: UpstreamServer[] = [];
afterEach(() => Promise.all(open.splice(0).map((server) => server.close())));

async function serve(spec: Partial<UpstreamSpec>): Promise<[number, UpstreamServer]> {
  const server = new UpstreamServer({ name: "a", law: { kind: "constant", ms: 0 }, ...spec }, 1);
  open.push(server);
  return [await server.listen(), server];
}

const LLM: LatencyLaw = { kind: "llm", ttftMs: 20, perTokenMs: 5 };

describe("an upstream server", () => {
  it("says who it is and echoes what the filter sent", async () => {
    const [port] = await serve({ name: "gpt-4o", bodyBytes: 5 });
    const reply = await get(port, { "x-ganglion-arm": "v2", "x-other": "1" });
    expect(reply).toMatchObject({ status: 200, body: "xxxxx" });
    expect(reply.headers["x-upstream"]).toBe("gpt-4o");
    expect(reply.headers["x-echo-x-ganglion-arm"]).toBe("v2");
    expect(reply.headers).not.toHaveProperty("x-echo-x-other");
  });

  it("keeps to its law within timer precision", async () => {
    const [port] = await serve({ law: { kind: "constant", ms: 30 } });
    const [prompt] = await serve({ law: { kind: "constant", ms: 0 } });
    // What others do on this machine can only add to a time, so the least of many is what the server
    // itself takes; what the exchange takes beside the law is in both and cancels.
    const leastMs = { law: Infinity, none: Infinity };
    for (let i = 0; i < 40; i++) {
      leastMs.law = Math.min(leastMs.law, (await get(port)).totalMs);
      leastMs.none = Math.min(leastMs.none, (await get(prompt)).totalMs);
    }
    expect(leastMs.law).toBeGreaterThan(29.5);
    expect(leastMs.law - leastMs.none).toBeLessThan(33);
  });

  it("streams tokens at their pace and ends with usage and [DONE]", async () => {
    const [port] = await serve({ law: LLM });
    const headers = {
      "x-tokens-output": "20",
      "x-tokens-prompt": "7",
      accept: "text/event-stream",
    };
    const reply = await get(port, headers);
    const events = reply.body.trim().split("\n\n");
    expect(reply.headers["content-type"]).toBe("text/event-stream");
    expect(events).toHaveLength(22);
    expect(events.at(-1)).toBe("data: [DONE]");
    expect(JSON.parse((events.at(-2) as string).slice(6))).toMatchObject({
      usage: { prompt_tokens: 7, completion_tokens: 20, total_tokens: 27 },
    });
    expect(reply.firstByteMs).toBeGreaterThan(19);
    expect(reply.totalMs - reply.firstByteMs).toBeGreaterThan(85);
  });

  it("answers tokens as one JSON document after all of them are made", async () => {
    const [port] = await serve({ law: LLM });
    const reply = await get(port, { "x-tokens-output": "10" });
    const answer = JSON.parse(reply.body) as { usage: object; choices: object[] };
    expect(answer.usage).toMatchObject({ completion_tokens: 10 });
    expect(answer.choices).toHaveLength(1);
    expect(reply.totalMs).toBeGreaterThan(65);
  });

  it("fails fast, resets and swallows as its schedule says", async () => {
    const always = { atMs: 0, untilMs: 1e9 };
    const [port, server] = await serve({ law: { kind: "constant", ms: 20_000 } });
    server.start();
    server.configure({ faults: [{ ...always, errorPermille: 1000, failFastMs: 1 }] });
    const failed = await get(port);
    expect(failed.status).toBe(503);
    expect(failed.totalMs).toBeLessThan(10_000);

    server.configure({
      law: { kind: "constant", ms: 1 },
      faults: [{ ...always, resetPermille: 1000 }],
    });
    await expect(get(port)).rejects.toMatchObject({ code: "ECONNRESET" });

    server.configure({ faults: [{ ...always, blackHole: true }] });
    const timeout = new Promise((resolve) => setTimeout(resolve, 60, "nothing"));
    const swallowed = get(port).catch(() => "closed");
    expect(await Promise.race([swallowed, timeout])).toBe("nothing");
    expect(server.readCounts()).toMatchObject({
      requests: 3,
      byStatus: { "503": 1 },
      resets: 1,
      blackHoled: 1,
      inFlight: 1,
    });
  });

  it("stalls a running stream for as long as the fault lasts", async () => {
    const [port, server] = await serve({ law: { kind: "llm", ttftMs: 0, perTokenMs: 10 } });
    const startMs = performance.now();
    server.start();
    server.configure({ faults: [{ atMs: 50, untilMs: 400, stallStream: true }] });
    const reply = await get(port, { "x-tokens-output": "10", accept: "text/event-stream" });
    // 100 ms of tokens, which the fault meets in the middle, wherever in it they begin.
    expect(performance.now() - startMs).toBeGreaterThan(399);
    expect(reply.body).toContain("[DONE]");
  });

  it("slows the tokens of a stream and not its first byte", async () => {
    const [port, server] = await serve({ law: { kind: "llm", ttftMs: 20, perTokenMs: 10 } });
    server.start();
    server.configure({ faults: [{ atMs: 0, untilMs: 1e9, tokenFactor: 50 }] });
    const stream = { "x-tokens-output": "4", accept: "text/event-stream" };
    const reply = await get(port, stream);
    // Slowed as well, the first byte would come after 1000 ms.
    expect(reply.firstByteMs).toBeLessThan(800);
    expect(reply.totalMs).toBeGreaterThan(1490);
  });

  it("queues what does not fit its slots", async () => {
    const [port] = await serve({ law: { kind: "constant", ms: 600 }, slots: 1 });
    const replies = await Promise.all([get(port), get(port), get(port)]);
    const times = replies.map((reply) => reply.totalMs).sort((x, y) => x - y);
    expect(times[0]).toBeLessThan(1100);
    expect(times[1]).toBeGreaterThan(1195);
    expect(times[2]).toBeGreaterThan(1795);
  });

  it("gives the same traffic id the same luck in any order", async () => {
    const law: LatencyLaw = { kind: "constant", ms: 0 };
    const [port, server] = await serve({ law });
    server.configure({ faults: [{ atMs: 0, untilMs: 1e9, errorPermille: 500 }] });
    server.start();
    const ids = Array.from({ length: 30 }, (_, i) => String(i));
    const statusOf = async (id: string) => (await get(port, { "x-traffic-id": id })).status;
    const forward: number[] = [];
    for (const id of ids) forward.push(await statusOf(id));
    const backward: number[] = [];
    for (const id of [...ids].reverse()) backward.unshift(await statusOf(id));
    expect(backward).toEqual(forward);
    expect(new Set(forward)).toEqual(new Set([200, 503]));
  });
});

describe("upstreams in a child process", () => {
  let upstreams: Upstreams | undefined;
  afterEach(() => upstreams?.stop());

  it("serve one port each, are controlled and counted by name, and end with stop", async () => {
    const law: LatencyLaw = { kind: "constant", ms: 1 };
    const specs = ["a", "b"].map((name) => ({ name, law }));
    upstreams = await startUpstreams(specs, { seed: 1 });
    await upstreams.start();
    await upstreams.configure("b", { faults: [{ atMs: 0, untilMs: 1e9, errorPermille: 1000 }] });
    const a = await get(upstreams.port("a"));
    const b = await get(upstreams.port("b"));
    expect([a.status, a.headers["x-upstream"]]).toEqual([200, "a"]);
    expect([b.status, b.headers["x-upstream"]]).toEqual([503, "b"]);
    const counts = await upstreams.counts();
    expect(counts.b).toMatchObject({ requests: 1, byStatus: { "503": 1 }, perSecond: [1] });
    expect(upstreams.cpuTimeUs()).toBeGreaterThan(0);
    expect(upstreams.residentBytes()).toBeGreaterThan(10_000_000);
    await upstreams.stop();
    expect(isAlive(upstreams.pid)).toBe(false);
    await expect(upstreams.counts()).rejects.toMatchObject({ code: "E_RIG_CHILD" });
  });

  it("refuse a change to an upstream that does not exist", async () => {
    upstreams = await startUpstreams([{ name: "a", law: { kind: "constant", ms: 1 } }], {
      seed: 1,
    });
    await expect(upstreams.configure("zzz", {})).rejects.toThrow("no upstream zzz");
  });
});
