// Percentiles of a load run. HDR histograms rather than a sorted array: they merge over runs
// without keeping every sample, at a stated error (3 significant digits).

import { build, type Histogram } from "hdr-histogram-js";
import { LoadStatus, type LoadResult } from "./load-result";

export interface Percentiles {
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  readonly meanMs: number;
}

export interface LoadSummary {
  readonly requests: number;
  /** 2xx. */
  readonly ok: number;
  /** 5xx, connection failures, timeouts; a 429 is an answer, not an error. */
  readonly errors: number;
  /** HTTP statuses, and "failed", "timed_out", "not_run". */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Complete responses and timeouts, from the intended start. */
  readonly latency: Percentiles;
  readonly ttfb: Percentiles;
  /** How late the generator was; over a few ms, it and not the target was the limit. */
  readonly lag: Percentiles;
  /** Requests answered per second of the run. */
  readonly achievedRateHz: number;
}

const NAMES: Readonly<Record<number, string>> = {
  [LoadStatus.failed]: "failed",
  [LoadStatus.timedOut]: "timed_out",
  [LoadStatus.notRun]: "not_run",
};

/** An empty histogram for times in microseconds, up to 10 minutes. */
export function latencyHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 64,
  });
}

/** Adds milliseconds to a histogram of microseconds; NaN is passed over. */
export function recordMs(histogram: Histogram, ms: number): void {
  if (ms === ms) histogram.recordValue(Math.min(600_000_000, Math.max(0, Math.round(ms * 1000))));
}

/** Percentiles of a histogram of microseconds, in ms; all 0 if it is empty. */
export function percentilesOf(histogram: Histogram): Percentiles {
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  return {
    p50Ms: at(50),
    p90Ms: at(90),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: histogram.totalCount > 0 ? histogram.maxValue / 1000 : 0,
    meanMs: histogram.totalCount > 0 ? histogram.mean / 1000 : 0,
  };
}

/** @param includes which requests to count; default all */
export function summarise(
  result: LoadResult,
  includes: (request: number) => boolean = () => true,
): LoadSummary {
  const latency = latencyHistogram();
  const ttfb = latencyHistogram();
  const lag = latencyHistogram();
  const byStatus: Record<string, number> = {};
  let requests = 0;
  let ok = 0;
  let errors = 0;
  let answered = 0;
  for (let i = 0; i < result.status.length; i++) {
    if (!includes(i)) continue;
    const status = result.status[i] as number;
    const name = NAMES[status] ?? String(status);
    byStatus[name] = (byStatus[name] ?? 0) + 1;
    requests++;
    if (status > 0) answered++;
    if (status >= 200 && status < 300) ok++;
    if (status >= 500 || status === LoadStatus.failed || status === LoadStatus.timedOut) errors++;
    recordMs(latency, result.latencyMs[i] as number);
    recordMs(ttfb, result.ttfbMs[i] as number);
    recordMs(lag, result.lagMs[i] as number);
  }
  return {
    requests,
    ok,
    errors,
    byStatus,
    latency: percentilesOf(latency),
    ttfb: percentilesOf(ttfb),
    lag: percentilesOf(lag),
    achievedRateHz: result.durationMs > 0 ? (answered * 1000) / result.durationMs : 0,
  };
}
