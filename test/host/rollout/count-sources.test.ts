import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { CountLedger } from "../../../host-tools/src/rollout/count-ledger";
import type { Reading } from "../../../host-tools/src/rollout/count-source";
import { guardCounts } from "../../../host-tools/src/rollout/filter-page";
import { prometheusSource } from "../../../host-tools/src/rollout/prometheus-source";
import { guardKill, killText } from "../../../host-tools/src/rollout/guard-kill";
import { namedProxySource } from "../../../host-tools/src/rollout/proxy-source";
import { block, counts, samplePlan } from "./sample";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that answers by path and query. @returns HOST:PORT */
async function serve(answer: (url: URL) => string | number): Promise<string> {
  const server = createServer((request, response) => {
    const given = answer(new URL(request.url ?? "/", "http://x"));
    if (typeof given === "number") response.writeHead(given).end();
    else response.end(given);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const PAGE = `# TYPE route___chat___ganglion_canary_requests_total counter
route___chat___ganglion_canary_requests_total{} 61
route___chat___ganglion_canary_errors_total{} 6
route___chat___ganglion_stable_requests_total{} 263
route___chat___ganglion_canary_killed{} 1
route___chat___ganglion_canary_kill_time_seconds{} 1700000000
route___chat___ganglion_canary_kill_answers{} 30
route___chat___ganglion_canary_kill_errors{} 6
route___other___ganglion_canary_requests_total{} 5
ganglion_canary_requests_total{route="chat-v2",pod="a"} 7
worker___0___ganglion_config_epoch{} 3
`;

describe("a proxy's page", () => {
  it("gives counts by route, with labels in the name or beside it", () => {
    expect(guardCounts(PAGE, ["chat"])).toEqual(
      new Map([
        [
          "chat",
          {
            canary: counts(61, 6),
            stable: counts(263, 0),
            values: new Map([
              ["ganglion_canary_requests_total", 61],
              ["ganglion_canary_errors_total", 6],
              ["ganglion_stable_requests_total", 263],
              ["ganglion_canary_killed", 1],
              ["ganglion_canary_kill_time_seconds", 1_700_000_000],
              ["ganglion_canary_kill_answers", 30],
              ["ganglion_canary_kill_errors", 6],
            ]),
          },
        ],
      ]),
    );
    expect(guardCounts(PAGE, ["chat-v2"]).get("chat-v2")?.canary).toEqual(counts(7, 0));
  });

  it("gives nothing for a route without a guard, and for what is no page", () => {
    expect(guardCounts(PAGE, ["stream"]).size).toBe(0);
    expect(guardCounts("<html>", ["chat"]).size).toBe(0);
    expect(guardCounts('ganglion_canary_killed{route="chat"} NaN', ["chat"]).size).toBe(0);
  });

  it("tells of a kill also where two routes' names look the same in it", () => {
    const killed = "route___llm_chat___ganglion_canary_killed{} 1\n";
    const counted = guardCounts(killed.repeat(2), ["llm-chat", "llm.chat"]);
    expect(guardKill("a proxy", "llm-chat", counted.get("llm-chat")!.values)).toBeDefined();
  });

  it("knows a route whose name Prometheus cannot write", () => {
    const page = "route___llm_chat_v2___ganglion_canary_requests_total{} 3";
    expect(guardCounts(page, ["llm-chat.v2"]).get("llm-chat.v2")?.canary).toEqual(counts(3, 0));
  });
});

describe("named proxies", () => {
  it("are read beside each other; one that cannot be read is said and left out", async () => {
    const good = await serve(() => PAGE);
    const bad = await serve(() => 503);
    const reading = await namedProxySource(samplePlan(), [good, bad]).read();
    expect(reading.series.get(`${good} chat canary`)?.counts).toEqual(counts(61, 6));
    expect(reading.killed).toEqual([
      {
        proxy: good,
        route: "chat",
        atMs: 1_700_000_000_000,
        evidence: { answers: 30, errors: 6 },
      },
    ]);
    expect(reading.killed.map(killText)).toEqual([`${good} (route chat, 6 errors in 30 answers)`]);
    expect(reading.faults).toEqual([`${bad}: status 503`]);
  });

  it("of which none can be read are an error, not a count of 0", async () => {
    const source = namedProxySource(samplePlan(), [await serve(() => 503)]);
    await expect(source.read()).rejects.toMatchObject({ code: "E_ROLLOUT_COUNTS" });
  });
});

function vector(rows: readonly [labels: Record<string, string>, value: string][]): string {
  const result = rows.map(([metric, value]) => ({ metric, value: [1_700_000_000, value] }));
  return JSON.stringify({ status: "success", data: { resultType: "vector", result } });
}

const requests = (labels: Record<string, string>, value: string) =>
  [{ __name__: "istio_requests_total", destination_version: "v2", ...labels }, value] as [
    Record<string, string>,
    string,
  ];

/** Answers each of the three questions. */
function prometheus(
  rows: [Record<string, string>, string][],
  killed = vector([]),
  p99 = vector([]),
) {
  const queries: string[] = [];
  const address = serve((url) => {
    const query = url.searchParams.get("query") ?? "";
    queries.push(query);
    if (query.startsWith("histogram_quantile")) return p99;
    return query.includes("killed") ? killed : vector(rows);
  });
  return { address, queries };
}

/** Sums of one arm. */
function total(reading: Reading, arm: "stable" | "canary") {
  const of = [...reading.series.values()].filter((one) => one.arm === arm);
  return of.reduce(
    (sum, one) => counts(sum.requests + one.counts.requests, sum.errors + one.counts.errors),
    counts(0, 0),
  );
}

describe("Prometheus", () => {
  it("is asked for the host by its full name, and for both versions literally", async () => {
    const plan = samplePlan({
      canary: { name: "next", subset: "v2", labels: { version: "v2.1" } },
    });
    const { address, queries } = prometheus([]);
    await prometheusSource(plan, `http://${await address}`).read();
    expect(queries[0]).toBe(
      'istio_requests_total{reporter="source",' +
        'destination_service="llm-service.ai.svc.cluster.local",' +
        'destination_version=~"v1|v2\\\\.1"}',
    );
  });

  it("blames an arm for 5xx, lost connections and gRPC faults, not for the client's own", async () => {
    const { address } = prometheus([
      requests({ response_code: "200" }, "1000"),
      requests({ response_code: "404" }, "50"),
      requests({ response_code: "429" }, "30"),
      requests({ response_code: "503" }, "7"),
      requests({ response_code: "0", response_flags: "UC" }, "2"),
      requests({ response_code: "0", response_flags: "DC" }, "99"),
      requests({ response_code: "200", grpc_response_status: "14" }, "4"),
      requests({ response_code: "200", grpc_response_status: "5" }, "8"),
      requests({ response_code: "200", destination_version: "v1" }, "5000"),
    ]);
    const reading = await prometheusSource(samplePlan(), `http://${await address}`).read();
    expect(total(reading, "canary")).toEqual(counts(1000 + 50 + 30 + 7 + 2 + 4 + 8, 7 + 2 + 4));
    expect(total(reading, "stable")).toEqual(counts(5000, 0));
  });

  it("gives no series for values that are no counts", async () => {
    const { address } = prometheus([
      requests({ response_code: "200" }, "NaN"),
      requests({ response_code: "500" }, "+Inf"),
    ]);
    const reading = await prometheusSource(samplePlan(), `http://${await address}`).read();
    expect(reading.series.size).toBe(0);
  });

  it("gives a latency that is a number, and none for NaN", async () => {
    const plan = samplePlan({ latency: { msMax: 3000, quantile: 0.95 } });
    const read = async (value: string) => {
      const { address } = prometheus([], vector([]), vector([[{}, value]]));
      return (await prometheusSource(plan, `http://${await address}`).read()).latencyMs;
    };
    expect(await read("1234.5")).toBe(1234.5);
    expect(await read("NaN")).toBeUndefined();
  });

  it("tells where the guard has fired, with labels in the name or beside it", async () => {
    const killed = vector([
      [{ __name__: "ganglion_canary_killed", route: "chat", pod: "gateway-1" }, "1"],
      [{ __name__: "route___chat___ganglion_canary_killed", instance: "10.0.0.7:15090" }, "1"],
      [
        { __name__: "route___chat___ganglion_canary_kill_answers", instance: "10.0.0.7:15090" },
        "9",
      ],
      [{ __name__: "ganglion_canary_killed", route: "another service's", pod: "x" }, "1"],
      [{ __name__: "ganglion_canary_killed", route: "chat", pod: "healthy" }, "0"],
    ]);
    const { address } = prometheus([], killed);
    const reading = await prometheusSource(samplePlan(), `http://${await address}`).read();
    expect(reading.killed.map(killText)).toEqual([
      "gateway-1 (route chat)",
      "10.0.0.7:15090 (route chat, 0 errors in 9 answers)",
    ]);
  });

  it.each([
    ["an error", JSON.stringify({ status: "error", error: "parse error" }), "parse error"],
    [
      "a matrix",
      JSON.stringify({ status: "success", data: { resultType: "matrix", result: [] } }),
      "matrix",
    ],
    ["a page", "<html>", "JSON"],
    ["a status", 503, "status 503"],
  ])("that answers with %s gives no counts", async (_name, answer, why) => {
    const address = await serve(() => answer);
    const read = prometheusSource(samplePlan(), `http://${address}`).read();
    await expect(read).rejects.toThrow(why);
    await expect(read).rejects.toMatchObject({ code: "E_ROLLOUT_COUNTS" });
  });

  it("cannot tell arms apart that have no label version", () => {
    const plan = samplePlan({ canary: { name: "next", subset: "v2", labels: { track: "next" } } });
    expect(() => prometheusSource(plan, "http://p:9090")).toThrow("arm next has no label version");
  });
});

describe("a ledger", () => {
  const reading = (...rows: [string, "stable" | "canary", number, number][]): Reading => ({
    series: new Map(rows.map(([name, arm, n, k]) => [name, { arm, counts: counts(n, k) }])),
    killed: [],
    latencyMs: undefined,
    faults: [],
  });

  it("counts from the first reading on", () => {
    const ledger = new CountLedger();
    expect(ledger.take(reading(["a", "stable", 1000, 10], ["b", "canary", 50, 1]))).toBeUndefined();
    expect(ledger.take(reading(["a", "stable", 1100, 12], ["b", "canary", 60, 1]))).toEqual(
      block(counts(10, 0), counts(100, 2)),
    );
  });

  it("sees a counter that began again, and leaves out what a new series had counted before", () => {
    const ledger = new CountLedger();
    ledger.take(reading(["a", "stable", 1000, 10]));
    const next = ledger.take(reading(["a", "stable", 30, 1], ["new", "canary", 9000, 9000]));
    expect(next).toEqual(block(counts(0, 0), counts(30, 1)));
  });

  it("keeps what it knows of a proxy that is away for a while", () => {
    const ledger = new CountLedger();
    ledger.take(reading(["a", "stable", 1000, 10], ["b", "canary", 10, 0]));
    ledger.take(reading(["a", "stable", 1000, 10]));
    const back = ledger.take(reading(["a", "stable", 1000, 10], ["b", "canary", 25, 2]));
    expect(back).toEqual(block(counts(15, 2), counts(0, 0)));
  });
});
