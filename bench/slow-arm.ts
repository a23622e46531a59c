// What a gray failure costs: one of three arms turns ten times slower and keeps answering 200. A
// real Envoy with 2 workers, 300 requests/s in Poisson arrivals, upstreams with lognormal latency
// (median 50 ms), and a schedule of 8 s healthy, 10 s slow, 12 s recovered. Three runs over the
// same arrivals and the same luck (an upstream draws from seed, its name and the request's number):
// Ganglion choosing the arm by header, and Envoy's ROUND_ROBIN and LEAST_REQUEST over the same
// three upstreams as endpoints of one cluster.
//
//   share_after_2s_pct  of the requests sent from 2 s after the slowdown until its end, the share
//                       that the slow arm got
//   recovered_s         from the end of the slowdown to the end of the first 1 s window (in steps
//                       of 0.1 s) in which the arm has at least half its fair share, that is a
//                       sixth; null when there is none before the run ends
//   p99_ratio           p99 latency of the whole run with Ganglion over that with round robin
//
// Latency counts from the intended start, so a generator that falls behind shows in it. A fourth
// run, with Ganglion at 40 requests/s and a longer recovery, shows what little traffic means: fewer
// requests can be spent on looking whether the arm has recovered. Its figures begin with quiet_.

import { canonicalJson, type PluginConfig } from "../host-tools/src/config/plugin-config";
import { seededPrng } from "../host-tools/src/lib/prng";
import {
  armRoutes,
  poissonArrivals,
  summarise,
  type LoadResult,
  type LoadSummary,
  type UpstreamSpec,
} from "../host-tools/src/rig";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { ALL_UPSTREAMS, startFilteredEnvoy, type BalancingPolicy } from "./rig/filtered-envoy";

interface Schedule {
  readonly slowAtMs: number;
  readonly recoverAtMs: number;
  readonly endMs: number;
}

interface RunResult {
  readonly sharePct: number;
  readonly recoveredS: number | null;
  readonly whole: LoadSummary;
  /** Requests sent while the arm was slow. */
  readonly slow: LoadSummary;
  /** Share of the slow arm in each second, percent. */
  readonly sharePerSecondPct: readonly number[];
}

const ARMS = ["a", "b", "c"] as const;
const DEFAULT_ARM = "a";
const SLOW_ARM = "b";
const SLOW_FACTOR = 10;
const RATE_HZ = 300;
const MEDIAN_MS = 50;
const SIGMA = 0.3;
const SETTLE_MS = 2000;
const WINDOW_MS = 1000;
const STEP_MS = 100;
const WORKERS = 2;

const WHOLE: Schedule = { slowAtMs: 8000, recoverAtMs: 18_000, endMs: 30_000 };
const QUIET: Schedule = { slowAtMs: 8000, recoverAtMs: 18_000, endMs: 45_000 };
const QUIET_RATE_HZ = 40;
const QUICK: Schedule = { slowAtMs: 3000, recoverAtMs: 7000, endMs: 14_000 };

function pluginConfig(): PluginConfig {
  const arms = ARMS.map((name) => ({ name, default: name === DEFAULT_ARM }));
  return { version: 1, epoch: 1, mode: "enforce", routes: [{ name: "chat", arms }] };
}

function upstreamSpecs(schedule: Schedule): UpstreamSpec[] {
  const { slowAtMs: atMs, recoverAtMs: untilMs } = schedule;
  return ARMS.map((name) => ({
    name,
    law: { kind: "lognormal", medianMs: MEDIAN_MS, sigma: SIGMA },
    faults: name === SLOW_ARM ? [{ atMs, untilMs, latencyFactor: SLOW_FACTOR }] : [],
  }));
}

async function measure(
  options: BenchOptions,
  schedule: Schedule,
  arrivals: Float64Array,
  policy: BalancingPolicy | undefined,
): Promise<RunResult> {
  const arms = Object.fromEntries(ARMS.map((arm) => [arm, arm]));
  const rig = await startFilteredEnvoy({
    seed: options.seed,
    workers: WORKERS,
    upstreams: upstreamSpecs(schedule),
    say: options.say,
    ...(policy === undefined
      ? {
          routes: armRoutes(arms, DEFAULT_ARM),
          configurationJson: canonicalJson(pluginConfig()),
        }
      : { routes: [{ cluster: ALL_UPSTREAMS }], balanced: policy }),
  });
  try {
    await rig.upstreams.start();
    let nextSayMs = 10_000;
    const result = await rig.generator.openLoop(
      {
        target: { port: rig.port },
        templates: [{ tag: "chat", path: "/chat" }],
        intendedMs: arrivals,
      },
      ({ elapsedMs, completed }) => {
        if (elapsedMs < nextSayMs) return;
        nextSayMs += 10_000;
        options.say(`  ${(elapsedMs / 1000).toFixed(0)} s, ${completed} requests answered`);
      },
    );
    return evaluate(result, schedule);
  } finally {
    await rig.stop();
  }
}

function evaluate(result: LoadResult, schedule: Schedule): RunResult {
  const { slowAtMs, recoverAtMs, endMs } = schedule;
  const within = (fromMs: number, untilMs: number) => (i: number) => {
    const atMs = result.intendedMs[i] as number;
    return atMs >= fromMs && atMs < untilMs;
  };
  const seconds = Array.from({ length: Math.floor(endMs / 1000) }, (_, s) => s * 1000);
  return {
    sharePct: sharePct(result, slowAtMs + SETTLE_MS, recoverAtMs),
    recoveredS: recoveredS(result, schedule),
    whole: summarise(result),
    slow: summarise(result, within(slowAtMs, recoverAtMs)),
    sharePerSecondPct: seconds.map((fromMs) => sharePct(result, fromMs, fromMs + 1000)),
  };
}

/** Share of the slow arm among the requests of [fromMs, untilMs), percent; 0 when there are none. */
function sharePct(result: LoadResult, fromMs: number, untilMs: number): number {
  const upstream = result.captured["x-upstream"];
  let all = 0;
  let slow = 0;
  for (let i = 0; i < result.intendedMs.length; i++) {
    const atMs = result.intendedMs[i] as number;
    if (atMs < fromMs || atMs >= untilMs) continue;
    all++;
    if (upstream?.values[upstream.index[i] as number] === SLOW_ARM) slow++;
  }
  return all === 0 ? 0 : (100 * slow) / all;
}

function recoveredS(result: LoadResult, { recoverAtMs, endMs }: Schedule): number | null {
  const enoughPct = 100 / ARMS.length / 2;
  for (let fromMs = recoverAtMs; fromMs + WINDOW_MS <= endMs; fromMs += STEP_MS) {
    if (sharePct(result, fromMs, fromMs + WINDOW_MS) < enoughPct) continue;
    return (fromMs + WINDOW_MS - recoverAtMs) / 1000;
  }
  return null;
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

function row(name: string, run: RunResult): string[] {
  return [
    name,
    run.sharePct.toFixed(1),
    run.recoveredS === null ? "never" : run.recoveredS.toFixed(1),
    run.whole.latency.p50Ms.toFixed(0),
    run.whole.latency.p99Ms.toFixed(0),
    run.slow.latency.p99Ms.toFixed(0),
    `${run.whole.errors}`,
  ];
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const schedule = options.quick ? QUICK : WHOLE;
  const random = seededPrng(options.seed).fork("slow-arm");
  const arrivals = poissonArrivals(RATE_HZ, schedule.endMs, random.fork("arrivals"));
  options.say(`ganglion: ${arrivals.length} requests in ${schedule.endMs / 1000} s`);
  const ours = await measure(options, schedule, arrivals, undefined);
  options.say(
    `  share of the slow arm by second: ${ours.sharePerSecondPct.map(Math.round).join()}`,
  );
  options.say("ROUND_ROBIN: the same arrivals");
  const roundRobin = await measure(options, schedule, arrivals, "ROUND_ROBIN");
  options.say("LEAST_REQUEST: the same arrivals");
  const leastRequest = await measure(options, schedule, arrivals, "LEAST_REQUEST");
  options.say(`ganglion at ${QUIET_RATE_HZ} requests/s`);
  const quietSchedule = options.quick ? QUICK : QUIET;
  const few = poissonArrivals(QUIET_RATE_HZ, quietSchedule.endMs, random.fork("quiet"));
  const quiet = await measure(options, quietSchedule, few, undefined);
  return {
    figures: {
      bench: "slow-arm",
      seed: options.seed,
      workers: WORKERS,
      requests: arrivals.length,
      share_after_2s_pct: round(ours.sharePct),
      recovered_s: ours.recoveredS,
      p99_ratio: round(ours.whole.latency.p99Ms / roundRobin.whole.latency.p99Ms, 3),
      p99_ms: round(ours.whole.latency.p99Ms, 1),
      p99_without_ms: round(roundRobin.whole.latency.p99Ms, 1),
      p99_slow_phase_ratio: round(ours.slow.latency.p99Ms / roundRobin.slow.latency.p99Ms, 3),
      errors: ours.whole.errors,
      generator_lag_p99_ms: round(ours.whole.lag.p99Ms),
      round_robin_share_pct: round(roundRobin.sharePct),
      least_request_share_pct: round(leastRequest.sharePct),
      least_request_p99_ms: round(leastRequest.whole.latency.p99Ms, 1),
      quiet_rate_hz: QUIET_RATE_HZ,
      quiet_share_after_2s_pct: round(quiet.sharePct),
      quiet_recovered_s: quiet.recoveredS,
    },
    table: [
      ["", "slow arm %", "recovered s", "p50 ms", "p99 ms", "p99 while slow", "errors"],
      row("ganglion", ours),
      row(`ganglion, ${QUIET_RATE_HZ}/s`, quiet),
      row("round robin", roundRobin),
      row("least request", leastRequest),
    ],
  };
}

export const bench: Bench = {
  name: "slow-arm",
  summary: "share, recovery and p99 when one of three arms turns ten times slower",
  run,
};
