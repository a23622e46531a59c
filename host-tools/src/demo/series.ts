// A demo run as curves over time: overlapping windows of a second, a value every half second, so that a
// percentile has enough requests and an edge is not smeared over the plot.

import type { DemoRun } from "./demo-run";
import { quantile } from "./measure";
import { floodingTenant, type Scenario } from "./scenario";

export const STEP_MS = 500;
const WINDOW_MS = 1000;

/** One value a step; null where there was nothing to say. */
export type Curve = readonly (number | null)[];

export interface SideSeries {
  /** Of the tenants that behave well. */
  readonly p50Ms: Curve;
  readonly p99Ms: Curve;
  /** Share in percent, one curve an arm. */
  readonly armSharePct: readonly Curve[];
  /** Refused per second, one curve a tenant. */
  readonly refusedHz: readonly Curve[];
  /** Requests of the flooding tenant that were let through, per second. */
  readonly floodAdmittedHz: Curve;
  readonly floodOfferedHz: Curve;
  readonly scoreMean: Curve;
  readonly scoreMax: Curve;
}

/** Middle of each window, in seconds. */
export function seriesTimesS(scenario: Scenario): number[] {
  const steps = Math.floor((scenario.durationMs - WINDOW_MS) / STEP_MS) + 1;
  return Array.from({ length: steps }, (_, k) => (k * STEP_MS + WINDOW_MS / 2) / 1000);
}

export function sideSeries(run: DemoRun, scenario: Scenario): SideSeries {
  const windows = seriesTimesS(scenario).map((_, k) => {
    return summarise(run, scenario, k * STEP_MS, k * STEP_MS + WINDOW_MS);
  });
  const curve = (value: (window: WindowSummary) => number | null): Curve => windows.map(value);
  return {
    p50Ms: curve((one) => one.p50Ms),
    p99Ms: curve((one) => one.p99Ms),
    armSharePct: scenario.arms.map((_, arm) => curve((one) => one.armSharePct[arm] ?? null)),
    refusedHz: scenario.tenants.map((_, tenant) => curve((one) => one.refusedHz[tenant] ?? 0)),
    floodAdmittedHz: curve((one) => one.floodAdmittedHz),
    floodOfferedHz: curve((one) => one.floodOfferedHz),
    scoreMean: curve((one) => one.scoreMean),
    scoreMax: curve((one) => one.scoreMax),
  };
}

interface WindowSummary {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly armSharePct: readonly number[];
  readonly refusedHz: readonly number[];
  readonly floodAdmittedHz: number;
  readonly floodOfferedHz: number;
  readonly scoreMean: number | null;
  readonly scoreMax: number | null;
}

function summarise(
  run: DemoRun,
  scenario: Scenario,
  fromMs: number,
  untilMs: number,
): WindowSummary {
  const flooding = scenario.tenants.indexOf(floodingTenant(scenario));
  const latenciesMs: number[] = [];
  const scores: number[] = [];
  const arms = new Array<number>(scenario.arms.length).fill(0);
  const refused = new Array<number>(scenario.tenants.length).fill(0);
  let offered = 0;
  let admitted = 0;
  for (let i = firstAt(run.atMs, fromMs); i < run.atMs.length && run.atMs[i]! < untilMs; i++) {
    const tenant = run.tenant[i]!;
    const isRefused = run.status[i] === 429;
    if (run.arm[i]! >= 0) arms[run.arm[i]!]!++;
    if (run.scorePermille[i]! >= 0) scores.push(run.scorePermille[i]!);
    if (isRefused) refused[tenant]!++;
    if (tenant === flooding) {
      offered++;
      if (!isRefused) admitted++;
    } else if (!isRefused && run.latencyMs[i]! >= 0) {
      latenciesMs.push(run.latencyMs[i]!);
    }
  }
  latenciesMs.sort((a, b) => a - b);
  const answered = arms.reduce((sum, one) => sum + one, 0);
  const perSecond = 1000 / WINDOW_MS;
  const hasLatency = latenciesMs.length > 0;
  return {
    p50Ms: hasLatency ? quantile(latenciesMs, 0.5) : null,
    p99Ms: hasLatency ? quantile(latenciesMs, 0.99) : null,
    armSharePct: answered === 0 ? [] : arms.map((one) => (100 * one) / answered),
    refusedHz: refused.map((one) => one * perSecond),
    floodAdmittedHz: admitted * perSecond,
    floodOfferedHz: offered * perSecond,
    scoreMean: scores.length > 0 ? scores.reduce((sum, one) => sum + one, 0) / scores.length : null,
    scoreMax: scores.length > 0 ? Math.max(...scores) : null,
  };
}

/** First index whose time is not before `fromMs`; times ascend. */
function firstAt(atMs: Float64Array, fromMs: number): number {
  let low = 0;
  let high = atMs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (atMs[middle]! < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
