// The generator that stands in for a trace when its file is not there.
//
// A renewal process: gaps, prompt tokens and output tokens are drawn independently, each by
// inverting a table of the trace's own quantiles, interpolated in the logarithm. Independence is
// what the traces show: the correlation of log prompt with log output is 0.00 (azure-code) and 0.05
// (mooncake-chat), of a gap with the next 0.00 and 0.02. Tables instead of a named law:
// azure-code's prompts pile up at 7,437 tokens, the service's limit, and a lognormal of the same
// moments misses their median by 25 %.
//
// The constants in trace-constants.ts are what `fitTrace` gives on the recorded files; a test keeps
// them so wherever the files are.

import type { Prng } from "../../lib/prng";
import type { TraceRequest } from "./trace-file";

/** Where the tables are read off. */
export const QUANTILES = [
  0, 0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.97,
  0.99, 0.995, 0.999, 1,
] as const;

export interface TraceModel {
  /** Gap between arrivals over the mean gap, at each of QUANTILES. */
  readonly gapRatio: readonly number[];
  readonly promptTokens: readonly number[];
  readonly outputTokens: readonly number[];
}

/** Reads the tables off a recorded trace; three significant digits. */
export function fitTrace(requests: readonly TraceRequest[]): TraceModel {
  const gapsMs = requests.slice(1).map((request, i) => request.atMs - (requests[i]?.atMs ?? 0));
  const meanMs = gapsMs.reduce((sum, gap) => sum + gap, 0) / gapsMs.length;
  const table = (values: readonly number[], least: number): number[] => {
    const sorted = [...values].sort((a, b) => a - b);
    return QUANTILES.map((q) => Number(Math.max(least, quantileOf(sorted, q)).toPrecision(3)));
  };
  return {
    gapRatio: table(
      gapsMs.map((gap) => gap / meanMs),
      1e-6,
    ),
    promptTokens: table(
      requests.map((request) => request.promptTokens),
      1,
    ),
    outputTokens: table(
      requests.map((request) => request.outputTokens),
      1,
    ),
  };
}

/** @param sorted ascending, not empty @param q in [0, 1] */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  const high = sorted[Math.ceil(at)] as number;
  return low + (high - low) * (at - Math.floor(at));
}

/** `count` requests with a mean gap of about 1 ms; the caller scales the time. */
export function generateTrace(model: TraceModel, count: number, prng: Prng): TraceRequest[] {
  const requests: TraceRequest[] = [];
  let atMs = 0;
  for (let i = 0; i < count; i++) {
    const promptTokens = Math.round(invert(model.promptTokens, prng.uniform()));
    const outputTokens = Math.round(invert(model.outputTokens, prng.uniform()));
    requests.push({ atMs, promptTokens, outputTokens });
    atMs += invert(model.gapRatio, prng.uniform());
  }
  return requests;
}

/** The value at quantile `u`, interpolated in the logarithm between the table's points. */
function invert(table: readonly number[], u: number): number {
  let i = 1;
  while (i < QUANTILES.length - 1 && u > (QUANTILES[i] as number)) i++;
  const fromQ = QUANTILES[i - 1] as number;
  const toQ = QUANTILES[i] as number;
  const from = table[i - 1] as number;
  const to = table[i] as number;
  return from * (to / from) ** ((u - fromQ) / (toQ - fromQ));
}
