// The score of the Numenta Anomaly Benchmark (Lavin and Ahmad 2015, "Evaluating real-time anomaly
// detection algorithms"). Not precision and recall: an early detection in a window is worth more than
// a late one, a false alarm right after a window costs less than one far away, and further detections
// in a window count for nothing.
//
//   s(x)          = 2 / (1 + e^(5 x)) - 1, -1 beyond x = 3
//   in a window   found * s(-(last - row + 1) / width) / s(-1)   by its first detection
//                 -missed                                        without one
//   outside       falseAlarm * s((row - last) / (width - 1))     of the window before; -1 without one
//   a detection   score >= threshold; rows of the first 15 % (at most 750) never are
//   normalised    100 (raw - null) / (perfect - null), null: nothing detected, perfect: all at once
//
// One threshold for all series of a set, the one that scores best; each profile has its own.

import { exp } from "../model/exact-math";
import type { CostProfile, NabSeries } from "./nab-data";

/** Share of a series, and rows at most, that a detector may learn from unjudged. */
const PROBATION_SHARE = 0.15;
const PROBATION_ROWS_MAX = 750;

export interface NabResult {
  /** 0 for a detector that says nothing, 100 for a perfect one; may be below 0. */
  readonly score: number;
  readonly threshold: number;
}

/** Rows at the start of a series that are not judged. */
export function probationRows(rows: number): number {
  return Math.min(Math.floor(PROBATION_SHARE * rows), PROBATION_ROWS_MAX);
}

/** The benchmark's sigmoid; 1 far before a window's end, 0 at it, -1 far behind. */
export function scaledSigmoid(x: number): number {
  return x > 3 ? -1 : 2 / (1 + exp(5 * x)) - 1;
}

/** What a detection in each row is worth, and in which window it is; -1 outside. */
interface RowWorth {
  /** In shares of the profile's weight: of `found` in a window, of `falseAlarm` outside. */
  readonly worth: Float64Array;
  readonly windowOf: Int32Array;
}

function rowWorth(series: NabSeries): RowWorth {
  const rows = series.timesMs.length;
  const worth = new Float64Array(rows).fill(-1);
  const windowOf = new Int32Array(rows).fill(-1);
  series.windows.forEach(({ first, last }, window) => {
    const width = last - first + 1;
    for (let row = first; row <= last; row++) {
      worth[row] = scaledSigmoid(-(last - row + 1) / width) / scaledSigmoid(-1);
      windowOf[row] = window;
    }
    const next = series.windows[window + 1]?.first ?? rows;
    for (let row = last + 1; row < next; row++) {
      worth[row] = scaledSigmoid((row - last) / Math.max(1, width - 1));
    }
  });
  return { worth, windowOf };
}

/** One judged row of any series. */
interface Judged {
  readonly score: number;
  readonly worth: number;
  /** Number of its window over all series; -1 outside. */
  readonly window: number;
}

function judgedRows(series: readonly NabSeries[], scores: readonly Float32Array[]): Judged[] {
  const judged: Judged[] = [];
  let windowsBefore = 0;
  series.forEach((one, index) => {
    const { worth, windowOf } = rowWorth(one);
    for (let row = probationRows(worth.length); row < worth.length; row++) {
      const inside = windowOf[row]!;
      const window = inside < 0 ? -1 : windowsBefore + inside;
      judged.push({ score: scores[index]![row]!, worth: worth[row]!, window });
    }
    windowsBefore += one.windows.length;
  });
  return judged.sort((a, b) => b.score - a.score);
}

function windowCount(series: readonly NabSeries[]): number {
  return series.reduce((sum, { windows }) => sum + windows.length, 0);
}

/**
 * The best threshold for a profile and its score.
 *
 * @param scores one array per series, one score per row; higher is more anomalous
 */
export function bestNabScore(
  series: readonly NabSeries[],
  scores: readonly Float32Array[],
  profile: CostProfile,
): NabResult {
  const windows = windowCount(series);
  if (windows === 0) return { score: 0, threshold: Number.POSITIVE_INFINITY };
  const judged = judgedRows(series, scores);
  const found = new Float64Array(windows).fill(-profile.missed);
  let raw = -profile.missed * windows;
  let best = { raw, threshold: Number.POSITIVE_INFINITY };
  judged.forEach(({ score, worth, window }, index) => {
    if (window < 0) raw += worth * profile.falseAlarm;
    else {
      const better = Math.max(found[window]!, worth * profile.found);
      raw += better - found[window]!;
      found[window] = better;
    }
    // Rows of equal score fall on the same side of every threshold.
    if (judged[index + 1]?.score !== score && raw > best.raw) best = { raw, threshold: score };
  });
  return { score: normalised(best.raw, windows, profile), threshold: best.threshold };
}

/** The score at a given threshold. */
export function nabScoreAt(
  series: readonly NabSeries[],
  scores: readonly Float32Array[],
  profile: CostProfile,
  threshold: number,
): number {
  const windows = windowCount(series);
  const found = new Float64Array(windows).fill(-profile.missed);
  let falseAlarms = 0;
  for (const { score, worth, window } of judgedRows(series, scores)) {
    if (!(score >= threshold)) break;
    if (window < 0) falseAlarms += worth * profile.falseAlarm;
    else found[window] = Math.max(found[window]!, worth * profile.found);
  }
  const raw = found.reduce((sum, one) => sum + one, falseAlarms);
  return windows === 0 ? 0 : normalised(raw, windows, profile);
}

function normalised(raw: number, windows: number, { found, missed }: CostProfile): number {
  return (100 * (raw + missed * windows)) / ((found + missed) * windows);
}
