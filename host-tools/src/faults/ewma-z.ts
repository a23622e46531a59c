// The second baseline: how many standard deviations rate, p95 or share of errors are away from their own
// exponentially weighted mean. No reference is needed, and what stays long enough becomes usual.

import { exp, LN2 } from "../model/exact-math";
import type { Detector } from "./detector";
import { kpiWindows, STEP_MS, type Kpi } from "./kpi-windows";

export interface EwmaZOptions {
  readonly windowMs: number;
  readonly halfLifeMs: number;
  readonly kpis: readonly Kpi[];
}

/** A deviation is at least this, so that a flat line does not make every ripple a peak. */
const DEVIATION_MIN: Readonly<Record<Kpi, number>> = {
  rate: 0.05,
  latency: 0.05,
  "server-errors": 0.005,
  errors: 0.005,
};

export function ewmaZ({ windowMs, halfLifeMs, kpis }: EwmaZOptions): Detector {
  const weight = 1 - exp((-LN2 * STEP_MS) / halfLifeMs);
  return {
    name: `EWMA z ${windowMs / 1000} s, half-life ${halfLifeMs / 1000} s, ${kpis.join("+")}`,
    series: (run) =>
      kpiWindows(run, windowMs).map(({ atMs, values }) => {
        const scores = kpis.map((kpi) => deviations(values[kpi], weight, DEVIATION_MIN[kpi]));
        const value = atMs.map((_, i) => Math.max(...scores.map((score) => score[i]!)));
        return { atMs, value };
      }),
  };
}

/** Distance above the mean of what came before, in deviations. */
function deviations(values: readonly number[], weight: number, deviationMin: number): number[] {
  let mean = values[0] ?? 0;
  let variance = 0;
  return values.map((value, i) => {
    const distance = value - mean;
    const score = distance / Math.max(deviationMin, Math.sqrt(variance));
    // A young mean is the mean of what there is.
    const share = Math.max(weight, 1 / (i + 1));
    mean += share * distance;
    variance += share * (distance * distance * (1 - share) - variance);
    return score;
  });
}
