// What one run of a scenario gave, one entry per request, whichever engine ran it. Detectors read this
// and nothing else.

import { LAYERS, type FilterReading, type Layer } from "./filter-reading";
import type { Scenario } from "./scenario";

export interface SuiteRun {
  readonly scenario: Scenario;
  /** HTTP status; 0 where there was no answer. */
  readonly status: Int16Array;
  /** From the request's start to the first and to the last byte of the answer; NaN without one. */
  readonly ttfbMs: Float32Array;
  readonly latencyMs: Float32Array;
  /** What the filter said when the request came. */
  readonly evidence: Readonly<Record<Layer, Float32Array>>;
  /** 1 where the filter itself called the request anomalous. */
  readonly alarm: Uint8Array;
}

/** Columns in which nothing has happened yet. */
export function emptySuiteRun(scenario: Scenario): SuiteRun {
  const count = scenario.requests.length;
  const empty = (): Float32Array => new Float32Array(count).fill(NaN);
  const evidence = Object.fromEntries(LAYERS.map((layer) => [layer, empty()]));
  return {
    scenario,
    status: new Int16Array(count),
    ttfbMs: empty(),
    latencyMs: empty(),
    evidence: evidence as Record<Layer, Float32Array>,
    alarm: new Uint8Array(count),
  };
}

/** Notes what the filter said about request i. */
export function noteReading(run: SuiteRun, i: number, reading: FilterReading): void {
  for (const layer of LAYERS) run.evidence[layer][i] = reading.evidence[layer];
  run.alarm[i] = reading.isAlarm ? 1 : 0;
}
