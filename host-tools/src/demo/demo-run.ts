// What one side of a demo run measured, one entry per request, whichever engine ran it. Everything
// that is shown (summary, plots, live view) is computed from these columns.

import type { LoadResult } from "../rig/load/load-result";
import type { Scenario } from "./scenario";

export interface DemoRun {
  /** When the request was meant to start, ms after the run's start; ascending. */
  readonly atMs: Float64Array;
  /** From then to the last byte; the timeout where it timed out; NaN without an answer. */
  readonly latencyMs: Float32Array;
  /** How late the load generator was; 0 under a virtual clock. */
  readonly lagMs: Float32Array;
  /** HTTP status, 0 failed, -1 timed out, -2 not run. */
  readonly status: Int16Array;
  /** Index into the scenario's tenants. */
  readonly tenant: Uint16Array;
  /** Index into the scenario's arms; -1 where no arm answered. */
  readonly arm: Int8Array;
  /** Anomaly score of the request; -1 where the filter said none. */
  readonly scorePermille: Int16Array;
  /** 1 where the filter marked the request as anomalous. */
  readonly tagged: Uint8Array;
}

/** Response headers that carry what the columns need. */
export const ARM_ECHO = "x-upstream";
export const SCORE_ECHO = "x-echo-x-ganglion-score";
export const VERDICT_ECHO = "x-echo-x-ganglion-verdict";
export const ECHOES = [ARM_ECHO, SCORE_ECHO, VERDICT_ECHO];

/** Columns of `count` requests that were not run. */
export function emptyRun(atMs: Float64Array, tenant: Uint16Array): DemoRun {
  const count = atMs.length;
  return {
    atMs,
    latencyMs: new Float32Array(count).fill(NaN),
    lagMs: new Float32Array(count),
    status: new Int16Array(count).fill(-2),
    tenant,
    arm: new Int8Array(count).fill(-1),
    scorePermille: new Int16Array(count).fill(-1),
    tagged: new Uint8Array(count),
  };
}

/** The load generator's result, with its captured headers read. */
export function runOfLoad(result: LoadResult, scenario: Scenario): DemoRun {
  const run = emptyRun(result.intendedMs, result.template);
  run.latencyMs.set(result.latencyMs);
  run.lagMs.set(result.lagMs);
  run.status.set(result.status);
  const arms = scenario.arms.map((arm) => arm.name);
  fill(result, ARM_ECHO, (i, value) => (run.arm[i] = arms.indexOf(value)));
  fill(
    result,
    SCORE_ECHO,
    (i, value) => (run.scorePermille[i] = value === "" ? -1 : Number(value)),
  );
  fill(result, VERDICT_ECHO, (i, value) => (run.tagged[i] = value === "" ? 0 : 1));
  return run;
}

function fill(result: LoadResult, header: string, put: (i: number, value: string) => void): void {
  const column = result.captured[header];
  if (column === undefined) return;
  for (let i = 0; i < column.index.length; i++) put(i, column.values[column.index[i]!]!);
}
