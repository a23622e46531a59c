// Ten million requests through the release module in the embedded host, with everything on: latencies that
// drift, tenants that come and go, errors, aborts, floods, a new configuration now and then. Linear memory
// must not move. Beside it the proof that it cannot: a walk over the debug module's call graph.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { readShippedBundle } from "../host-tools/src/model/shipped-bundle";
import { canonicalJson, withModel } from "../host-tools/src/config/plugin-config";
import type { PluginConfig } from "../host-tools/src/config/plugin-config";
import { EmbeddedProxy, HeaderSet } from "../host-tools/src/embedded/index";
import { type Prng, seededPrng } from "../host-tools/src/lib/prng";
import { allocationsReachable } from "../host-tools/src/lib/wasm-call-graph";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { rounded } from "./statistics";

const WORKERS = 2;
const TENANTS = 20_000;
/** Mean time between two requests of the proxy. */
const GAP_NS = 200_000;
const IN_FLIGHT = 64;

/** Callbacks that run for requests, and what they reach in the host's name. */
export const PER_REQUEST_ROOTS = [
  "proxy_on_request_headers",
  "proxy_on_response_headers",
  "proxy_on_delete",
  "proxy_on_tick",
  "malloc",
  "proxy_on_memory_allocate",
];

function configuration(epoch: number, models: Uint8Array): string {
  const config: PluginConfig = {
    version: 1,
    epoch,
    mode: "enforce",
    routes: [
      {
        name: "chat",
        match: { path_prefix: "/api/chat" },
        arms: [{ name: "a", default: true }, { name: "b" }, { name: "c" }],
        limits: [{ name: "tenant", key_header: "x-tenant", requests_per_second: 50, burst: 100 }],
        anomaly: { act: "tag" },
      },
      { name: "rest", arms: [{ name: "a" }] },
    ],
  };
  return canonicalJson(withModel(config, models));
}

function requestSets(): HeaderSet[] {
  const sets: HeaderSet[] = [];
  for (let tenant = 0; tenant < TENANTS; tenant++) {
    sets.push(
      HeaderSet.compile("request", [
        [":method", tenant % 5 === 0 ? "GET" : "POST"],
        [":path", tenant % 7 === 0 ? `/other/${tenant}?page=${tenant}` : "/api/chat/completions"],
        [":authority", "llm"],
        ["content-length", String((tenant * 37) % 4096)],
        ["x-tenant", `tenant-${tenant}`],
        ...(tenant % 11 === 0 ? [["x-ganglion-arm", "spoofed"] as [string, string]] : []),
      ]),
    );
  }
  return sets;
}

const answer = (status: string): HeaderSet => HeaderSet.compile("response", [[":status", status]]);

interface Traffic {
  readonly proxy: EmbeddedProxy;
  readonly prng: Prng;
  readonly requests: readonly HeaderSet[];
  readonly ok: HeaderSet;
  readonly failure: HeaderSet;
}

type Stream = ReturnType<EmbeddedProxy["begin"]>;

/** One request in seven comes from everybody, the others from a hundred regular tenants. */
function nextRequest({ prng, requests }: Traffic): HeaderSet {
  const tenant = prng.below(7) === 0 ? prng.below(TENANTS) : prng.below(100);
  return requests[tenant] as HeaderSet;
}

function finish(traffic: Traffic, stream: Stream): void {
  const luck = traffic.prng.below(100);
  if (stream.reply === null && luck > 1) {
    const headers = luck < 5 ? traffic.failure : traffic.ok;
    stream.pushResponseHeaders(headers, luck % 2 === 0);
  }
  stream.release();
}

function drive(traffic: Traffic, count: number): void {
  const open: (Stream | undefined)[] = new Array<Stream | undefined>(IN_FLIGHT).fill(undefined);
  for (let i = 0; i < count; i++) {
    const place = traffic.prng.below(IN_FLIGHT);
    const old = open[place];
    if (old !== undefined) finish(traffic, old);
    open[place] = traffic.proxy.begin(i % WORKERS, nextRequest(traffic), true);
    traffic.proxy.advance(traffic.prng.below(2 * GAP_NS));
  }
  for (const stream of open) if (stream !== undefined) finish(traffic, stream);
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const total = options.quick ? 200_000 : 10_000_000;
  const models = await readShippedBundle();
  const proxy = new EmbeddedProxy({
    wasm: readFileSync(resolve("build/ganglion.wasm")),
    workers: WORKERS,
    seed: options.seed,
    rootId: "ganglion",
    failurePolicy: "FAIL_OPEN",
  });
  proxy.configure(configuration(1, models));
  const bytes = (): number =>
    proxy.workers.reduce((sum, w) => sum + (w.vm?.memory.sizeBytes ?? 0), 0);
  const before = bytes();
  const traffic: Traffic = {
    proxy,
    prng: seededPrng(options.seed),
    requests: requestSets(),
    ok: answer("200"),
    failure: answer("503"),
  };
  const startMs = performance.now();
  const slices = 20;
  for (let slice = 0; slice < slices; slice++) {
    drive(traffic, total / slices);
    proxy.configure(configuration(slice + 2, models));
    options.say(`soak: ${((slice + 1) * total) / slices} of ${total} requests`);
  }
  const seconds = (performance.now() - startMs) / 1000;
  const debug = readFileSync(resolve("build/ganglion.debug.wasm"));
  const reachable = await allocationsReachable(debug, PER_REQUEST_ROOTS);
  return {
    figures: {
      requests: total,
      heap_growth_bytes: bytes() - before,
      allocations_reachable: reachable.length,
      traps: proxy.workers.filter((w) => w.vm?.isFailed ?? true).length,
      memory_bytes_per_worker: before / WORKERS,
      seconds: rounded(seconds, 1),
      requests_per_second: rounded(total / seconds, 0),
    },
  };
}

export const bench: Bench = {
  name: "soak",
  summary: "memory over ten million requests",
  run,
};
