// What the proxy and the filter add to a call of 50 ms, at a hundred connections: no proxy, Envoy bare,
// Envoy with Ganglion, interleaved, medians over the rounds. Fortio where it can be had, else the built-in
// generator; which one is said. Raw Fortio reports are kept under bench/results/.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readShippedBundle } from "../host-tools/src/model/shipped-bundle";
import { canonicalJson, withModel } from "../host-tools/src/config/plugin-config";
import type { PluginConfig } from "../host-tools/src/config/plugin-config";
import {
  type EnvoyProcess,
  type FixedLoadResult,
  type HttpFilter,
  armRoutes,
  buildBootstrap,
  findEnvoy,
  findFortio,
  runFixedLoad,
  startEnvoy,
  startUpstreams,
  wasmFilter,
} from "../host-tools/src/rig/index";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { median, rounded } from "./statistics";

const UPSTREAM_MS = 50;
const CONNECTIONS = 100;
/** Half of what a hundred connections of 50 ms can carry, so that the rate is the same for all. */
const RATE_HZ = 1000;
const ARMS = ["a", "b", "c"] as const;

async function filter(): Promise<HttpFilter> {
  const config: PluginConfig = {
    version: 1,
    epoch: 1,
    mode: "enforce",
    routes: [
      {
        name: "all",
        arms: ARMS.map((name) => ({ name, ...(name === "a" ? { default: true } : {}) })),
        limits: [{ name: "all", requests_per_second: 100_000, burst: 100_000 }],
        anomaly: { act: "tag" },
      },
    ],
  };
  const artifact = await readShippedBundle();
  return wasmFilter({
    name: "ganglion",
    rootId: "ganglion",
    wasmPath: resolve("build/ganglion.wasm"),
    configurationJson: canonicalJson(withModel(config, artifact)),
  });
}

async function startProxy(binary: string, port: number, filters: readonly HttpFilter[]) {
  const arms = Object.fromEntries(ARMS.map((arm) => [arm, "upstream"]));
  const bootstrap = buildBootstrap({
    listeners: [{ name: "main", port: 0, httpFilters: filters, routes: armRoutes(arms, "a") }],
    clusters: [{ name: "upstream", endpoints: [{ port }] }],
  });
  return startEnvoy({ binary, bootstrap, concurrency: 2 });
}

interface Target {
  readonly name: string;
  readonly port: number;
  readonly envoy?: EnvoyProcess;
}

interface Sample {
  readonly load: FixedLoadResult;
  readonly cpuUs: number;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const rounds = options.quick ? 1 : 5;
  const durationMs = options.quick ? 3000 : 10_000;
  const envoy = await findEnvoy({ install: true, onProgress: options.say });
  const fortio = await findFortio({ install: true, onProgress: options.say });
  const upstreams = await startUpstreams(
    [{ name: "upstream", law: { kind: "constant", ms: UPSTREAM_MS } }],
    { seed: options.seed },
  );
  const port = upstreams.port("upstream");
  const bare = await startProxy(envoy.path, port, []);
  const filtered = await startProxy(envoy.path, port, [await filter()]);
  const targets: readonly Target[] = [
    { name: "none", port },
    { name: "bare", port: bare.port("main"), envoy: bare },
    { name: "ganglion", port: filtered.port("main"), envoy: filtered },
  ];
  const samples = new Map<string, Sample[]>(targets.map(({ name }) => [name, []]));
  try {
    for (let round = -1; round < rounds; round++) {
      for (const target of targets) {
        const before = target.envoy?.cpuTimeUs() ?? 0;
        const load = await runFixedLoad(
          {
            port: target.port,
            connections: CONNECTIONS,
            rateHz: RATE_HZ,
            durationMs: round < 0 ? 2000 : durationMs,
            expectedMs: UPSTREAM_MS,
          },
          fortio,
        );
        const cpuUs = (target.envoy?.cpuTimeUs() ?? 0) - before;
        // The first round opens connections and warms caches.
        if (round >= 0) samples.get(target.name)?.push({ load, cpuUs });
        options.say(`overhead: ${target.name} p50 ${load.p50Ms} p99 ${load.p99Ms} ms`);
      }
    }
    await checkActive(filtered);
    const resident = new Map(targets.map((t) => [t.name, t.envoy?.residentBytes() ?? 0]));
    keepRaw(samples);
    return report(samples, resident, rounds);
  } finally {
    await filtered.stop();
    await bare.stop();
    await upstreams.stop();
  }
}

/** A filter that passes everything through unseen would look cheap. */
async function checkActive(envoy: EnvoyProcess): Promise<void> {
  await envoy.admin.waitForStat("wasmcustom.route=.=all;.;ganglion_requests_total", RATE_HZ, 5000);
}

function keepRaw(samples: ReadonlyMap<string, readonly Sample[]>): void {
  const folder = resolve("bench/results");
  mkdirSync(folder, { recursive: true });
  for (const [name, list] of samples) {
    const raw = list.map(({ load }) => load.raw);
    writeFileSync(join(folder, `overhead-${name}.json`), `${JSON.stringify(raw, null, 1)}\n`);
  }
}

function report(
  samples: ReadonlyMap<string, readonly Sample[]>,
  resident: ReadonlyMap<string, number>,
  rounds: number,
): BenchResult {
  const of = (name: string): readonly Sample[] => samples.get(name) ?? [];
  const p50 = (name: string): number => median(of(name).map(({ load }) => load.p50Ms));
  const p99 = (name: string): number => median(of(name).map(({ load }) => load.p99Ms));
  const cpuUs = (name: string): number =>
    median(of(name).map(({ load, cpuUs: us }) => us / load.requests));
  const added = (pick: (name: string) => number, name: string): number =>
    rounded((100 * (pick(name) - pick("none"))) / pick("none"), 2);
  const mib = (name: string): number => rounded((resident.get(name) ?? 0) / 1048576, 1);
  return {
    figures: {
      generator: of("none")[0]?.load.generator ?? "none",
      rounds,
      rate_hz: RATE_HZ,
      connections: CONNECTIONS,
      added_p50_pct: added(p50, "ganglion"),
      added_p99_pct: added(p99, "ganglion"),
      bare_added_p50_pct: added(p50, "bare"),
      bare_added_p99_pct: added(p99, "bare"),
      none_p50_ms: rounded(p50("none"), 3),
      bare_p50_ms: rounded(p50("bare"), 3),
      ganglion_p50_ms: rounded(p50("ganglion"), 3),
      none_p99_ms: rounded(p99("none"), 3),
      bare_p99_ms: rounded(p99("bare"), 3),
      ganglion_p99_ms: rounded(p99("ganglion"), 3),
      bare_cpu_us: rounded(cpuUs("bare"), 1),
      ganglion_cpu_us: rounded(cpuUs("ganglion"), 1),
      bare_resident_mib: mib("bare"),
      ganglion_resident_mib: mib("ganglion"),
      failed: of("ganglion").reduce((sum, { load }) => sum + load.failed, 0),
    },
  };
}

export const bench: Bench = {
  name: "overhead",
  summary: "latency added to a 50 ms call at c=100",
  run,
};
