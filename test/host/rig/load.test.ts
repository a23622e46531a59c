import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import {
  constantArrivals,
  latencyHistogram,
  LoadStatus,
  mergeArrivals,
  percentilesOf,
  piecewisePoissonArrivals,
  poissonArrivals,
  recordMs,
  startLoadGenerator,
  startUpstreams,
  summarise,
  type LoadGenerator,
  type LoadPlan,
  type LoadProgress,
  type Upstreams,
} from "../../../host-tools/src/rig";
import { runClosedLoop } from "../../../host-tools/src/rig/load/closed-loop";
import { OpenLoopRun } from "../../../host-tools/src/rig/load/open-loop";
import { UpstreamServer } from "../../../host-tools/src/rig/upstream/upstream-server";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function upstream(spec: Partial<ConstructorParameters<typeof UpstreamServer>[0]> = {}) {
  const server = new UpstreamServer({ name: "a", law: { kind: "constant", ms: 0 }, ...spec }, 1);
  cleanups.push(() => server.close());
  return { server, port: await server.listen() };
}

function run(port: number, plan: Partial<LoadPlan>) {
  const whole = { target: { port }, templates: [{ tag: "all" }], intendedMs: new Float64Array(0) };
  return new OpenLoopRun({ ...whole, ...plan }).run();
}

describe("arrivals", () => {
  it("are Poisson: as many as the rate says, with exponential gaps", () => {
    const atMs = poissonArrivals(500, 60_000, seededPrng(1));
    expect(Math.abs(atMs.length / 30_000 - 1)).toBeLessThan(0.02);
    const gaps = Array.from(atMs.subarray(1), (at, i) => at - (atMs[i] as number));
    const meanMs = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - meanMs) ** 2, 0) / gaps.length;
    expect(Math.sqrt(variance) / meanMs).toBeCloseTo(1, 1);
  });

  it("follow their segments, with pauses", () => {
    const segments = [
      { durationMs: 1000, rateHz: 100 },
      { durationMs: 1000, rateHz: 0 },
      { durationMs: 1000, rateHz: 1000 },
    ];
    const atMs = piecewisePoissonArrivals(segments, seededPrng(2));
    const within = (from: number, to: number) => atMs.filter((at) => at >= from && at < to).length;
    expect(within(1000, 2000)).toBe(0);
    expect(within(0, 1000)).toBeGreaterThan(60);
    expect(within(2000, 3000)).toBeGreaterThan(900);
  });

  it("merge in order of time and remember where they came from", () => {
    const lists = [constantArrivals(10, 300), constantArrivals(20, 150)];
    const merged = mergeArrivals(lists);
    expect([...merged.intendedMs]).toEqual([0, 0, 50, 100, 100, 200]);
    expect([...merged.source]).toEqual([0, 1, 1, 0, 1, 0]);
  });
});

describe("the open loop", () => {
  it("measures a known latency and says which upstream answered", async () => {
    const { port } = await upstream({ law: { kind: "constant", ms: 25 } });
    const result = await run(port, { intendedMs: constantArrivals(100, 1000) });
    const summary = summarise(result);
    expect(summary).toMatchObject({ requests: 100, ok: 100, errors: 0, byStatus: { "200": 100 } });
    // A busy machine adds to a latency and never takes from it: the least is the upstream's own.
    const leastMs = Math.min(...result.latencyMs);
    expect(leastMs).toBeGreaterThan(24);
    expect(leastMs).toBeLessThan(35);
    expect(result.durationMs).toBeGreaterThan(990 + 24);
    expect(summary.achievedRateHz).toBeCloseTo((100 * 1000) / result.durationMs, 6);
    expect(result.captured["x-upstream"]?.values).toEqual(["", "a"]);
    expect(new Set(result.captured["x-upstream"]?.index)).toEqual(new Set([1]));
  });

  it("shows a stall to every request that was meant to start during it", async () => {
    // The server answers at once, except that it answers nothing between 300 and 1800 ms. A closed
    // loop would see one slow request; the starts that were meant for those 1500 ms must see it.
    let startMs = 0;
    const server = createHttpServer((_request, response) => {
      startMs ||= performance.now();
      const atMs = performance.now() - startMs;
      const holdMs = atMs >= 300 && atMs < 1800 ? 1800 - atMs : 0;
      setTimeout(() => response.end("ok"), holdMs);
    });
    const port = await listen(server);
    const result = await run(port, { intendedMs: constantArrivals(200, 3000), connectionsMax: 4 });
    // 1000 ms of starts at 200 per second lie so far before the end of the stall.
    const slow = Array.from(result.latencyMs).filter((ms) => ms > 500);
    expect(slow.length).toBeGreaterThan(190);
    expect(slow.length).toBeLessThan(400);
    const summary = summarise(result);
    expect(summary.ok).toBe(600);
    expect(summary.latency.p90Ms).toBeGreaterThan(1100);
    expect(summary.latency.maxMs).toBeGreaterThan(1400);
  });

  it("sends templates and tokens, and tells a stream's first byte from its last", async () => {
    const law = { kind: "llm", ttftMs: 10, perTokenMs: 50 } as const;
    const { port } = await upstream({ law });
    const result = await run(port, {
      templates: [
        { tag: "stream", headers: { accept: "text/event-stream" } },
        { tag: "json", path: "/chat", bodyBytes: 100, headers: { "x-ganglion-arm": "b" } },
      ],
      intendedMs: constantArrivals(20, 500),
      template: Uint16Array.from({ length: 10 }, (_, i) => i % 2),
      outputTokens: new Uint32Array(10).fill(20),
      promptTokens: new Uint32Array(10).fill(5),
      captureHeaders: ["x-upstream", "x-echo-x-ganglion-arm"],
    });
    const of = (template: number) => summarise(result, (i) => result.template[i] === template);
    expect(of(0).ttfb.p50Ms).toBeLessThan(700);
    expect(of(0).latency.p50Ms).toBeGreaterThan(955);
    expect(of(1).ttfb.p50Ms).toBeGreaterThan(955);
    expect(result.tags).toEqual(["stream", "json"]);
    expect([...(result.captured["x-echo-x-ganglion-arm"]?.index ?? [])].join("")).toBe(
      "0101010101",
    );
  });

  it("counts resets, refusals and timeouts and goes on", async () => {
    const { server, port } = await upstream();
    server.start();
    const lasting = { atMs: 0, untilMs: 1e9 };
    server.configure({ faults: [{ ...lasting, resetPermille: 500 }] });
    const plan = { intendedMs: constantArrivals(200, 200) };
    const reset = summarise(await run(port, plan));
    expect(reset.byStatus.failed).toBeGreaterThan(5);
    expect(reset.byStatus["200"]).toBeGreaterThan(5);

    server.configure({ faults: [{ ...lasting, blackHole: true }] });
    const result = await run(port, { ...plan, timeoutMs: 100, connectionsMax: 8 });
    expect(summarise(result).byStatus).toEqual({ timed_out: 40 });
    expect(new Set(result.latencyMs)).toEqual(new Set([100]));

    await server.close();
    expect(summarise(await run(port, plan)).byStatus).toEqual({ failed: 40 });
  });

  it("does not count a connection that closes between requests as a failure", async () => {
    const server = createHttpServer((_request, response) => {
      response.setHeader("connection", "close");
      response.end("bye");
    });
    const port = await listen(server);
    const summary = summarise(await run(port, { intendedMs: constantArrivals(100, 300) }));
    expect(summary.byStatus).toEqual({ "200": 30 });
  });

  it("records what has no answer as not run when it is stopped", async () => {
    const { port } = await upstream();
    const plan = { target: { port }, templates: [{ tag: "all" }] };
    const open: OpenLoopRun = new OpenLoopRun(
      { ...plan, intendedMs: constantArrivals(100, 60_000), progressEveryMs: 20 },
      ({ completed }) => {
        if (completed > 5) open.stop();
      },
    );
    const result = await open.run();
    const ended = result.status.filter((status) => status === 200).length;
    expect(ended).toBeGreaterThan(5);
    expect(result.status.filter((status) => status === LoadStatus.notRun).length).toBe(
      6000 - ended,
    );
  });

  it("refuses a plan that does not fit", () => {
    const plan = { target: { port: 1 }, templates: [{ tag: "a" }] };
    const make = (change: Partial<LoadPlan>) => () =>
      new OpenLoopRun({ ...plan, intendedMs: Float64Array.of(0, 5), ...change });
    expect(make({ intendedMs: Float64Array.of(5, 0) })).toThrow(/intendedMs\[1\]/);
    expect(make({ template: Uint16Array.of(0, 1) })).toThrow(/template\[1\] is 1/);
    expect(make({ outputTokens: Uint32Array.of(1) })).toThrow(/outputTokens has 1 entries for 2/);
    expect(make({ templates: [] })).toThrow(/templates is empty/);
  });
});

describe("the closed loop", () => {
  it("makes exactly the requests asked for, over the connections asked for", async () => {
    const { server, port } = await upstream();
    const result = await runClosedLoop({
      target: { port },
      request: { tag: "all" },
      connections: 4,
      requests: 1000,
    });
    expect(result).toMatchObject({ requests: 1000, failed: 0, byStatus: { "200": 1000 } });
    expect(result.rateHz).toBeCloseTo((1000 * 1000) / result.durationMs, 6);
    expect(server.readCounts().requests).toBe(1000);
  });

  it("ends when nobody listens, with everything failed", async () => {
    const { server, port } = await upstream();
    await server.close();
    const plan = { target: { port }, request: { tag: "all" }, connections: 2, requests: 10 };
    expect(await runClosedLoop(plan)).toMatchObject({ requests: 0, failed: 10 });
  });
});

describe("the load generator's process", () => {
  let generator: LoadGenerator;
  let upstreams: Upstreams;

  it("runs plans, streams progress that adds up, and can be stopped in mid-run", async () => {
    const law = { kind: "exponential", meanMs: 5 } as const;
    upstreams = await startUpstreams([{ name: "a", law }], { seed: 1 });
    generator = await startLoadGenerator();
    cleanups.push(
      () => upstreams.stop(),
      () => generator.stop(),
    );
    const samples: LoadProgress[] = [];
    const plan = {
      target: { port: upstreams.port("a") },
      templates: [{ tag: "all" }],
      intendedMs: poissonArrivals(400, 1000, seededPrng(3)),
      progressEveryMs: 100,
    };
    const result = await generator.openLoop(plan, (sample) => samples.push(sample));
    const count = plan.intendedMs.length;
    expect(summarise(result)).toMatchObject({ requests: count, ok: count });
    expect(samples.length).toBeGreaterThan(2);
    const ended = samples.flatMap((sample) => [...sample.window.status]);
    expect(ended).toHaveLength(count);
    const byUpstream = samples.map((sample) => sample.window.captured["x-upstream"]?.a ?? 0);
    expect(byUpstream.reduce((sum, each) => sum + each, 0)).toBe(count);
    expect(samples.at(-1)).toMatchObject({ planned: count, sent: count, completed: count });

    const long = generator.openLoop({ ...plan, intendedMs: constantArrivals(10, 600_000) });
    await generator.stopRun();
    expect(summarise(await long).byStatus.not_run).toBeGreaterThan(5000);
  });
});

describe("the histogram", () => {
  it("has the percentiles of what was recorded, to three digits", () => {
    const histogram = latencyHistogram();
    for (let ms = 1; ms <= 1000; ms++) recordMs(histogram, ms);
    recordMs(histogram, NaN);
    const percentiles = percentilesOf(histogram);
    expect(percentiles.p50Ms / 500).toBeCloseTo(1, 2);
    expect(percentiles.p99Ms / 990).toBeCloseTo(1, 2);
    expect(percentiles.maxMs / 1000).toBeCloseTo(1, 2);
    expect(histogram.totalCount).toBe(1000);
  });

  it("is all zeros when it is empty", () => {
    expect(percentilesOf(latencyHistogram())).toMatchObject({ p50Ms: 0, maxMs: 0, meanMs: 0 });
  });
});
