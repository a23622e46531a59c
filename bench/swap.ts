// New weights into a running proxy: 20 of them, one every 1.5 s, into a real Envoy with 2 workers
// under 300 requests/s, by replacing the file that its extension discovery watches, which is what a
// push by Istio's agent comes to. Each swap is a whole configuration with another model in it.
//
// Nothing may fail: `failed_requests` counts every request of the run whose answer is not the one
// its route must give. And nothing learnt may be lost, which is shown by behaviour, not by gauges
// that stand still:
//   chat   has one arm that is ten times slower. A filter that forgot that tries it again at once.
//          Requests to it in the second after a swap are compared with those in a second without
//          swap, and with those after a last push that renames the route, which does forget: the
//          same traffic shows what a loss would look like.
//   flaky  prefers an arm that always fails, and has ejected it in the warm-up. A lost ejection is
//          a 503.
//   spent  has a bucket that was emptied in the warm-up and takes 1,000 s per token. A lost bucket
//          is a 200.
//
// The version shows upstream in the header x-ganglion-model (echoed by the upstreams) and in the
// metric ganglion_model_version, which counts here when all workers show it. Propagation is from
// just before the write of the file to the first request that met the new weights and after which
// none met older ones: an upper bound, as 3 ms lie between two requests.

import {
  canonicalJson,
  withModel,
  type PluginConfig,
} from "../host-tools/src/config/plugin-config";
import { readShippedModel } from "../host-tools/src/lib/shipped-model";
import { seededPrng, type Prng } from "../host-tools/src/lib/prng";
import {
  poissonArrivals,
  type LoadPlan,
  type LoadResult,
  type RouteSpec,
} from "../host-tools/src/rig";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import type { FilterMetrics } from "./rig/filter-metrics";
import { startFilteredEnvoy, type FilteredEnvoy } from "./rig/filtered-envoy";
import { modelVariant } from "./rig/model-variants";
import { PushClock } from "./rig/push-clock";

const WORKERS = 2;
const RATE_HZ = 300;
const SWAPS = 20;
const WARM_UP_MS = 6000;
/** Measured run: a stretch without swap, the swaps, the push that forgets, and an end. */
const CONTROL_MS = 6000;
const SWAP_EVERY_MS = 1500;
const AFTER_SWAP_MS = 1000;
const POLL_MS = 100;
/** Counters are flushed on a tick of 100 ms. */
const PUBLISHED_MS = 500;
/** Outcomes after which the failing arm may be ejected. */
const EJECTING_FAILURES = 2;
const FIRST_VERSION = 1001;
const MODEL_HEADER = "x-echo-x-ganglion-model";

/** What share of the requests goes where, in permille. */
const TEMPLATES = [
  { tag: "chat", path: "/chat", permille: 800, status: 200 },
  { tag: "flaky", path: "/flaky", permille: 100, status: 200 },
  { tag: "spent", path: "/spent", permille: 100, status: 429 },
] as const;

function pluginConfig(epoch: number, chatRoute: string): PluginConfig {
  return {
    version: 1,
    epoch,
    mode: "enforce",
    expose: "always",
    routes: [
      {
        name: chatRoute,
        match: { path_prefix: "/chat" },
        arms: [{ name: "a", default: true }, { name: "b" }, { name: "slow" }],
      },
      {
        name: "flaky",
        match: { path_prefix: "/flaky" },
        arms: [
          { name: "a", default: true, weight: 1 },
          { name: "bad", weight: 1000 },
        ],
        ejection: { error_permille: 150, requests_min: EJECTING_FAILURES, duration_ms: 600_000 },
      },
      {
        name: "spent",
        match: { path_prefix: "/spent" },
        limits: [{ name: "all", requests_per_second: 0.001, burst: 5 }],
      },
    ],
  };
}

const ROUTES: readonly RouteSpec[] = ["b", "slow", "bad", ""].map((arm) =>
  arm === "" ? { cluster: "a" } : { match: { headers: { "x-ganglion-arm": arm } }, cluster: arm },
);

function startRig(options: BenchOptions, configurationJson: string): Promise<FilteredEnvoy> {
  const law = { kind: "lognormal", medianMs: 20, sigma: 0.3 } as const;
  return startFilteredEnvoy({
    seed: options.seed,
    workers: WORKERS,
    upstreams: [
      { name: "a", law },
      { name: "b", law },
      { name: "slow", law: { ...law, medianMs: 200 } },
      { name: "bad", law, faults: [{ atMs: 0, untilMs: Infinity, errorPermille: 1000 }] },
    ],
    routes: ROUTES,
    configurationJson,
    say: options.say,
  });
}

function loadPlan(rig: FilteredEnvoy, durationMs: number, random: Prng): LoadPlan {
  const intendedMs = poissonArrivals(RATE_HZ, durationMs, random.fork("arrivals"));
  const pick = random.fork("templates");
  const template = Uint16Array.from(intendedMs, () => {
    let left = pick.below(1000);
    return TEMPLATES.findIndex(({ permille }) => (left -= permille) < 0);
  });
  return {
    target: { port: rig.port },
    templates: TEMPLATES.map(({ tag, path }) => ({ tag, path })),
    intendedMs,
    template,
    captureHeaders: ["x-upstream", MODEL_HEADER],
    progressEveryMs: 50,
  };
}

interface Push {
  readonly version: number;
  /** After the run's start, before the file was written. */
  readonly atMs: number;
}

interface Watched {
  /** Versions that all workers have shown in the metric at once. */
  readonly metricVersions: Set<number>;
  /** Failures of the arm that always fails, counted since the filter started. */
  badArmFailures: number;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const { say } = options;
  const random = seededPrng(options.seed).fork("swap");
  const swaps = options.quick ? 5 : SWAPS;
  const base = await readShippedModel();
  // Made before the run: encoding a model must not compete with the traffic.
  const configs = Array.from({ length: swaps + 1 }, (_, k) => {
    const model = modelVariant(base, FIRST_VERSION + k, random.fork(`model ${k}`));
    return canonicalJson(withModel(pluginConfig(2 + k, k < swaps ? "chat" : "other"), model));
  });
  const rig = await startRig(options, canonicalJson(withModel(pluginConfig(1, "chat"), base)));
  try {
    say(`warm-up: ${WARM_UP_MS / 1000} s at ${RATE_HZ} requests/s`);
    await rig.upstreams.start();
    await rig.generator.openLoop(loadPlan(rig, WARM_UP_MS, random.fork("warm-up")));
    await new Promise((resolve) => setTimeout(resolve, PUBLISHED_MS));
    const failuresBefore = badArmFailures(await rig.metrics());
    const durationMs = CONTROL_MS + (swaps + 1) * SWAP_EVERY_MS + 1000;
    const plan = loadPlan(rig, durationMs, random.fork("run"));
    const clock = new PushClock();
    const running = rig.generator.openLoop(plan, ({ elapsedMs }) => clock.note(elapsedMs));
    const { pushes, watched } = await makePushes(rig, clock, configs, swaps, say);
    const result = await running;
    return report(options, result, pushes, { ...watched, failuresBefore });
  } finally {
    await rig.stop();
  }
}

async function makePushes(
  rig: FilteredEnvoy,
  clock: PushClock,
  configs: readonly string[],
  swaps: number,
  say: (line: string) => void,
): Promise<{ pushes: Push[]; watched: Watched }> {
  const watched: Watched = { metricVersions: new Set(), badArmFailures: 0 };
  const pushes: Push[] = [];
  for (const [k, config] of configs.entries()) {
    const dueMs = CONTROL_MS + k * SWAP_EVERY_MS;
    await watchUntil(rig, clock, dueMs, watched);
    pushes.push({ version: FIRST_VERSION + k, atMs: clock.runMs() });
    rig.push(config);
    if (k % 5 === 0 && k < swaps) say(`  swap ${k + 1} of ${swaps}`);
  }
  await watchUntil(rig, clock, CONTROL_MS + configs.length * SWAP_EVERY_MS, watched);
  return { pushes, watched };
}

/** Reads the metrics again and again until the run has lasted that long. */
async function watchUntil(
  rig: FilteredEnvoy,
  clock: PushClock,
  runMs: number,
  watched: Watched,
): Promise<void> {
  while (!clock.isKnown || clock.runMs() < runMs - POLL_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const metrics = await rig.metrics();
    const versions = new Set(metrics.values("ganglion_model_version"));
    if (versions.size === 1) for (const version of versions) watched.metricVersions.add(version);
    watched.badArmFailures = badArmFailures(metrics);
  }
  await clock.until(runMs);
}

function badArmFailures(metrics: FilterMetrics): number {
  return metrics.sum("ganglion_arm_failures_total", { route: "flaky", arm: "bad" });
}

/** Requests of chat that went to the slow arm, of those sent in [fromMs, fromMs + lengthMs). */
function slowArmRequests(result: LoadResult, fromMs: number, lengthMs: number): number {
  const upstream = result.captured["x-upstream"];
  let count = 0;
  for (let i = 0; i < result.status.length; i++) {
    const atMs = sentMs(result, i);
    if (atMs < fromMs || atMs >= fromMs + lengthMs) continue;
    if (upstream?.values[upstream.index[i] as number] === "slow") count++;
  }
  return count;
}

const sentMs = (result: LoadResult, i: number): number =>
  (result.intendedMs[i] as number) + (result.lagMs[i] as number);

function modelOf(result: LoadResult, i: number): number {
  const header = result.captured[MODEL_HEADER];
  return Number(header?.values[header.index[i] as number] ?? 0);
}

/** From the push to the first request that met its weights and after which none met older ones. */
function propagationMs(result: LoadResult, push: Push): number {
  const seen: { readonly atMs: number; readonly version: number }[] = [];
  for (let i = 0; i < result.status.length; i++) {
    const version = modelOf(result, i);
    if (version > 0) seen.push({ atMs: sentMs(result, i), version });
  }
  const older = seen.filter(({ version }) => version < push.version);
  const lastOldMs = Math.max(push.atMs, ...older.map(({ atMs }) => atMs));
  const newer = seen.filter(({ atMs, version }) => version >= push.version && atMs >= lastOldMs);
  return Math.min(...newer.map(({ atMs }) => atMs)) - push.atMs;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

function report(
  { seed }: BenchOptions,
  result: LoadResult,
  pushes: readonly Push[],
  watched: Watched & { readonly failuresBefore: number },
): BenchResult {
  const swaps = pushes.slice(0, -1);
  const forgetting = pushes.at(-1) as Push;
  const wrong = TEMPLATES.map(({ status }, template) =>
    result.status.reduce(
      (count, each, i) => count + (result.template[i] === template && each !== status ? 1 : 0),
      0,
    ),
  );
  const after = ({ atMs }: Push): number => slowArmRequests(result, atMs, AFTER_SWAP_MS);
  const controlPerS = slowArmRequests(result, 0, CONTROL_MS) / (CONTROL_MS / 1000);
  const swappedPerS = mean(swaps.map(after));
  const forgottenPerS = after(forgetting);
  const learntKept = swappedPerS - controlPerS <= 0.25 * (forgottenPerS - controlPerS);
  // Tried on both workers before, and not once since.
  const ejectionKept =
    watched.failuresBefore >= WORKERS * EJECTING_FAILURES &&
    watched.badArmFailures === watched.failuresBefore &&
    wrong[1] === 0;
  const bucketKept = wrong[2] === 0;
  const inHeader = new Set(result.status.map((_, i) => modelOf(result, i)));
  const seen = (versions: ReadonlySet<number>): number =>
    swaps.filter(({ version }) => versions.has(version)).length;
  const propagation = swaps.map((push) => propagationMs(result, push)).sort((a, b) => a - b);
  return {
    figures: {
      bench: "swap",
      seed,
      workers: WORKERS,
      requests: result.status.length,
      swaps: swaps.length,
      failed_requests: wrong.reduce((sum, count) => sum + count, 0),
      versions_seen_header: seen(inHeader),
      versions_seen_metric: seen(watched.metricVersions),
      state_kept: learntKept && ejectionKept && bucketKept,
      learnt_kept: learntKept,
      ejection_kept: ejectionKept,
      bucket_kept: bucketKept,
      slow_arm_per_s: round(controlPerS),
      slow_arm_after_swap_per_s: round(swappedPerS),
      slow_arm_when_forgotten_per_s: forgottenPerS,
      propagation_ms_p50: round(propagation[Math.floor(propagation.length / 2)] ?? 0, 1),
      propagation_ms_max: round(propagation.at(-1) ?? 0, 1),
    },
  };
}

export const bench: Bench = {
  name: "swap",
  summary: "failed requests and lost state over 20 new models at 300 requests/s",
  run,
};
