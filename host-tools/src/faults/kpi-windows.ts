// What a metrics system would show of a run: rate, 95th percentile, share of errors, over sliding windows
// per key. The baselines look at this, as alerts in a dashboard do.

import { log2 } from "../model/exact-math";
import type { SuiteRun } from "./suite-run";

/** Indicators per window, in this order. */
export const KPIS = ["rate", "latency", "server-errors", "errors"] as const;
export type Kpi = (typeof KPIS)[number];

export interface KpiWindows {
  /** End of each window: only what is known by then is in it. */
  readonly atMs: readonly number[];
  /** Base 2 logarithms of requests per second and of the p95 in ms; shares in [0, 1]. */
  readonly values: Readonly<Record<Kpi, readonly number[]>>;
}

/** Windows move on by this much. */
export const STEP_MS = 5000;

interface Bucket {
  arrivals: number;
  serverErrors: number;
  errors: number;
  readonly latencyMs: number[];
}

const known = new WeakMap<SuiteRun, Map<number, KpiWindows[]>>();

/** Kept by run, because tuning asks again and again. @returns one per key */
export function kpiWindows(run: SuiteRun, windowMs: number): KpiWindows[] {
  let ofRun = known.get(run);
  if (ofRun === undefined) known.set(run, (ofRun = new Map<number, KpiWindows[]>()));
  let windows = ofRun.get(windowMs);
  if (windows === undefined) ofRun.set(windowMs, (windows = computeWindows(run, windowMs)));
  return windows;
}

/** @param windowMs a multiple of STEP_MS */
function computeWindows(run: SuiteRun, windowMs: number): KpiWindows[] {
  const steps = windowMs / STEP_MS;
  return bucketsOf(run).map((buckets) => {
    const atMs: number[] = [];
    const values: Record<Kpi, number[]> = {
      rate: [],
      latency: [],
      "server-errors": [],
      errors: [],
    };
    for (let end = steps; end <= buckets.length; end++) {
      const window = buckets.slice(end - steps, end);
      const sum = (of: (bucket: Bucket) => number): number =>
        window.reduce((total, bucket) => total + of(bucket), 0);
      const ended = sum((bucket) => bucket.latencyMs.length);
      atMs.push(end * STEP_MS);
      values.rate.push(log2((sum((bucket) => bucket.arrivals) + 0.5) / (windowMs / 1000)));
      values.latency.push(p95(window));
      values["server-errors"].push(ended === 0 ? 0 : sum((one) => one.serverErrors) / ended);
      values.errors.push(ended === 0 ? 0 : sum((one) => one.errors) / ended);
    }
    return { atMs, values };
  });
}

function bucketsOf({ scenario, status, latencyMs }: SuiteRun): Bucket[][] {
  const keys = scenario.untilMs.map((untilMs) =>
    Array.from({ length: Math.floor(untilMs / STEP_MS) }, (): Bucket => {
      return { arrivals: 0, serverErrors: 0, errors: 0, latencyMs: [] };
    }),
  );
  scenario.requests.forEach(({ atMs, route }, i) => {
    const buckets = keys[route]!;
    const arrived = buckets[Math.floor(atMs / STEP_MS)];
    if (arrived !== undefined) arrived.arrivals++;
    // Counted when it ended, as a counter in a proxy is.
    const ended = buckets[Math.floor((atMs + latencyMs[i]!) / STEP_MS)];
    if (ended === undefined) return;
    ended.latencyMs.push(latencyMs[i]!);
    if (status[i]! >= 500 || status[i] === 0) ended.serverErrors++;
    if (status[i]! >= 400 || status[i] === 0) ended.errors++;
  });
  return keys;
}

/** Logarithm of the 95th percentile by nearest rank; that of 1 ms where nothing ended. */
function p95(window: readonly Bucket[]): number {
  const all = Float64Array.from(window.flatMap((bucket) => bucket.latencyMs)).sort();
  if (all.length === 0) return 0;
  return log2(Math.max(0.001, all[Math.ceil(0.95 * all.length) - 1]!));
}
