// How exact the rate limits of a whole proxy are: a real Envoy with 2 workers, three tiers told
// apart by a header, each offered five times its rate for 20 s in Poisson arrivals that share
// nothing between tiers.
//
// Expected of a tier is what its bucket, full at the first request, can give until the last one:
// burst + rate * T, with T between the first and the last request as they were really sent. The
// error is |admitted - expected| / expected; admitted is counted twice, as 200 at the client and as
// arrival at the tier's own upstream, and the larger error of the two counts. Every refusal has to
// be a 429 with retry-after and x-local-rate-limit: anything else is `unexpected`.
//
// Envoy's own local_ratelimit, with the same buckets and the same arrivals, stands beside it. It is
// one bucket in native memory for all workers; ours is leased out of shared data, so this is what
// to match.

import { canonicalJson, type PluginConfig } from "../host-tools/src/config/plugin-config";
import { seededPrng } from "../host-tools/src/lib/prng";
import {
  mergeArrivals,
  poissonArrivals,
  threadCpuTimeUs,
  type HttpFilter,
  type LoadResult,
  type MergedArrivals,
} from "../host-tools/src/rig";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { startFilteredEnvoy, type FilteredEnvoy } from "./rig/filtered-envoy";

interface Tier {
  readonly name: string;
  readonly rateHz: number;
  readonly burst: number;
}

interface TierResult {
  readonly admitted: number;
  readonly expected: number;
  /** Signed: above 0 is more than the limit allows. */
  readonly errorPct: number;
}

interface RunResult {
  readonly tiers: Readonly<Record<string, TierResult>>;
  readonly offered: number;
  readonly unexpected: number;
  readonly lagP99Ms: number;
  /** CPU time of the less busy worker over that of the busier one. */
  readonly workerBalance: number;
}

const TIERS: readonly Tier[] = [
  { name: "free", rateHz: 20, burst: 20 },
  { name: "premium", rateHz: 100, burst: 50 },
  { name: "enterprise", rateHz: 300, burst: 100 },
];
const TIER_HEADER = "x-user-tier";
const OFFERED_FACTOR = 5;
const DURATION_MS = 20_000;
const WORKERS = 2;

function pluginConfig(): PluginConfig {
  const values = TIERS.map((tier) => ({
    value: tier.name,
    requests_per_second: tier.rateHz,
    burst: tier.burst,
  }));
  const limit = { name: "tier", key_header: TIER_HEADER, requests_per_second: 1, burst: 1, values };
  return { version: 1, epoch: 1, mode: "enforce", routes: [{ name: "all", limits: [limit] }] };
}

/** Envoy's own filter with one bucket per tier. */
function nativeFilter(): HttpFilter {
  const type = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3";
  const bucket = (tokens: number, perSecond: number): object => ({
    max_tokens: tokens,
    tokens_per_fill: perSecond,
    fill_interval: "1s",
  });
  const always = { default_value: { numerator: 100, denominator: "HUNDRED" } };
  const action = { request_headers: { header_name: TIER_HEADER, descriptor_key: "tier" } };
  return {
    name: "native",
    typed_config: {
      "@type": `${type}.LocalRateLimit`,
      stat_prefix: "native",
      token_bucket: bucket(1_000_000, 1_000_000),
      filter_enabled: always,
      filter_enforced: always,
      rate_limits: [{ actions: [action] }],
      descriptors: TIERS.map((tier) => ({
        entries: [{ key: "tier", value: tier.name }],
        token_bucket: bucket(tier.burst, tier.rateHz),
      })),
    },
  };
}

/** The same arrivals for both runs. */
function offeredLoad(seed: number, durationMs: number): MergedArrivals {
  const random = seededPrng(seed).fork("limits");
  return mergeArrivals(
    TIERS.map((tier) =>
      poissonArrivals(OFFERED_FACTOR * tier.rateHz, durationMs, random.fork(tier.name)),
    ),
  );
}

async function measure(
  options: BenchOptions,
  load: MergedArrivals,
  filter: { configurationJson: string } | { nativeFilters: HttpFilter[] },
): Promise<RunResult> {
  const rig = await startFilteredEnvoy({
    seed: options.seed,
    workers: WORKERS,
    // Slow enough that many connections are open and both workers have some.
    upstreams: TIERS.map((tier) => ({ name: tier.name, law: { kind: "constant", ms: 25 } })),
    routes: TIERS.map((tier) => ({
      match: { headers: { [TIER_HEADER]: tier.name } },
      cluster: tier.name,
    })),
    say: options.say,
    ...filter,
  });
  try {
    return await runLoad(options, load, rig);
  } finally {
    await rig.stop();
  }
}

async function runLoad(
  { say }: BenchOptions,
  load: MergedArrivals,
  rig: FilteredEnvoy,
): Promise<RunResult> {
  await rig.upstreams.start();
  const cpuBefore = workerCpuUs(rig);
  let nextSayMs = 5000;
  const result = await rig.generator.openLoop(
    {
      target: { port: rig.port },
      templates: TIERS.map((tier) => ({ tag: tier.name, headers: { [TIER_HEADER]: tier.name } })),
      intendedMs: load.intendedMs,
      template: load.source,
      captureHeaders: ["x-local-rate-limit", "retry-after"],
      sendsTrafficId: false,
    },
    ({ elapsedMs, completed, planned }) => {
      if (elapsedMs < nextSayMs) return;
      nextSayMs += 5000;
      say(`  ${(elapsedMs / 1000).toFixed(0)} s, ${completed} of ${planned} requests answered`);
    },
  );
  const cpuUs = workerCpuUs(rig).map((us, i) => us - (cpuBefore[i] as number));
  const counts = await rig.upstreams.counts();
  return {
    tiers: Object.fromEntries(
      TIERS.map((tier, i) => [
        tier.name,
        tierResult(result, tier, i, counts[tier.name]?.requests ?? 0),
      ]),
    ),
    offered: result.status.length,
    unexpected: unexpectedAnswers(result),
    lagP99Ms: percentile(result.lagMs, 0.99),
    workerBalance: Math.min(...cpuUs) / Math.max(...cpuUs, 1),
  };
}

function workerCpuUs(rig: FilteredEnvoy): number[] {
  const worker = (_: unknown, i: number) => threadCpuTimeUs(rig.envoy.pid, `wrk:worker_${i}`);
  return Array.from({ length: WORKERS }, worker);
}

function tierResult(
  result: LoadResult,
  tier: Tier,
  template: number,
  arrivedUpstream: number,
): TierResult {
  let admitted = 0;
  let firstMs = Infinity;
  let lastMs = -Infinity;
  for (let i = 0; i < result.status.length; i++) {
    if (result.template[i] !== template) continue;
    const sentMs = (result.intendedMs[i] as number) + (result.lagMs[i] as number);
    firstMs = Math.min(firstMs, sentMs);
    lastMs = Math.max(lastMs, sentMs);
    if (result.status[i] === 200) admitted++;
  }
  const expected = tier.burst + (tier.rateHz * (lastMs - firstMs)) / 1000;
  const errors = [admitted, arrivedUpstream].map((count) => (100 * (count - expected)) / expected);
  const errorPct = errors.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
  return { admitted, expected, errorPct };
}

/** Answers that are neither 200 nor a 429 as it should be; native 429 has no header of ours. */
function unexpectedAnswers(result: LoadResult): number {
  const marked = result.captured["x-local-rate-limit"];
  const retry = result.captured["retry-after"];
  const isOurs = (marked?.values.length ?? 0) > 1;
  let count = 0;
  for (let i = 0; i < result.status.length; i++) {
    const status = result.status[i];
    if (status === 200) continue;
    const hasHeaders = (marked?.index[i] ?? 0) > 0 && (retry?.index[i] ?? 0) > 0;
    if (status !== 429 || (isOurs && !hasHeaders)) count++;
  }
  return count;
}

function percentile(values: Float32Array, share: number): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

const worst = (run: RunResult): number =>
  Math.max(...Object.values(run.tiers).map((tier) => Math.abs(tier.errorPct)));
const round = (value: number, digits = 3): number => Number(value.toFixed(digits));

async function run(options: BenchOptions): Promise<BenchResult> {
  const durationMs = options.quick ? 4000 : DURATION_MS;
  const load = offeredLoad(options.seed, durationMs);
  const rateHz = Math.round((1000 * load.intendedMs.length) / durationMs);
  options.say(`ganglion: ${rateHz} requests/s for ${durationMs / 1000} s, ${WORKERS} workers`);
  const ours = await measure(options, load, { configurationJson: canonicalJson(pluginConfig()) });
  options.say("local_ratelimit: the same arrivals");
  const native = await measure(options, load, { nativeFilters: [nativeFilter()] });
  const perTier = (of: RunResult): Record<string, number> =>
    Object.fromEntries(Object.entries(of.tiers).map(([name, t]) => [name, round(t.errorPct)]));
  return {
    figures: {
      bench: "limits",
      seed: options.seed,
      workers: WORKERS,
      duration_s: durationMs / 1000,
      offered: ours.offered,
      worst_error_pct: round(worst(ours)),
      error_pct: perTier(ours),
      over_admitted: Math.max(
        0,
        ...Object.values(ours.tiers).map((tier) => Math.ceil(tier.admitted - tier.expected - 1)),
      ),
      unexpected: ours.unexpected,
      generator_lag_p99_ms: round(ours.lagP99Ms, 2),
      worker_balance: round(ours.workerBalance, 2),
      native_worst_error_pct: round(worst(native)),
      native_error_pct: perTier(native),
    },
    table: [
      ["tier", "rate/s", "burst", "expected", "admitted", "error %", "native admitted", "error %"],
      ...TIERS.map(({ name, rateHz: tierRateHz, burst }) => {
        const [mine, other] = [ours.tiers[name], native.tiers[name]] as [TierResult, TierResult];
        return [
          name,
          `${tierRateHz}`,
          `${burst}`,
          mine.expected.toFixed(1),
          `${mine.admitted}`,
          mine.errorPct.toFixed(3),
          `${other.admitted}`,
          other.errorPct.toFixed(3),
        ];
      }),
    ],
  };
}

export const bench: Bench = {
  name: "limits",
  summary: "error of three tiers' rate limits at five times the limit, 2 workers",
  run,
};
