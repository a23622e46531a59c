// The first baseline: a dashboard's alerts. Per key one threshold each for rate, p95 and share of errors,
// set from a healthy reference; the worst of the three counts. The thresholds move together, by one
// factor, until false alarms are as rare as they have to be.

import type { Detector } from "./detector";
import { kpiWindows, type Kpi } from "./kpi-windows";
import type { SuiteRun } from "./suite-run";

export interface StaticOptions {
  readonly windowMs: number;
  readonly kpis: readonly Kpi[];
}

interface Reference {
  readonly middle: number;
  /** Distance from the middle to what is rare on a healthy day. */
  readonly spread: number;
}

const RARE = 0.995;
/** A spread is at least this: a tenth of an octave, two per cent of errors. */
const SPREAD_MIN: Readonly<Record<Kpi, number>> = {
  rate: 0.1,
  latency: 0.1,
  "server-errors": 0.02,
  errors: 0.02,
};

/** @param healthy what the thresholds are taken from */
export function staticThresholds(healthy: readonly SuiteRun[], options: StaticOptions): Detector {
  const { windowMs, kpis } = options;
  const known = healthy.map((run) => kpiWindows(run, windowMs));
  const keys = known[0]!.map((_, key) =>
    kpis.map((kpi) =>
      reference(
        known.flatMap((run) => run[key]!.values[kpi]),
        SPREAD_MIN[kpi],
      ),
    ),
  );
  return {
    name: `static ${windowMs / 1000} s ${kpis.join("+")}`,
    series: (run) =>
      kpiWindows(run, windowMs).map(({ atMs, values }, key) => {
        const value = atMs.map((_, i) => {
          const excess = kpis.map((kpi, k) => {
            const { middle, spread } = keys[key]![k]!;
            return (values[kpi][i]! - middle) / spread;
          });
          return Math.max(...excess);
        });
        return { atMs, value };
      }),
  };
}

function reference(values: readonly number[], spreadMin: number): Reference {
  const sorted = Float64Array.from(values).sort();
  const at = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))]!;
  const middle = at(0.5);
  return { middle, spread: Math.max(spreadMin, at(RARE) - middle) };
}
