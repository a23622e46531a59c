// VUS-PR: the area under a range-aware precision-recall curve, averaged over every width of a buffer
// around the labelled ranges (Paparrizos et al., "Volume Under the Surface", PVLDB 2022, in the form
// that the TSB-AD benchmark evaluates). Not the plain area under the curve beside it: an alarm two
// samples before the first labelled one is no mistake, and labels of real incidents are no more exact
// than that.
//
// For one width w, with h = floor(w / 2) and ranges [s, e] of P labelled points in n:
//
//   weight   1 inside a range; outside, sqrt(1 - d / w) at a distance d <= h, summed over ranges, at most 1
//   segments ranges with h points on both sides, those joined that touch
//   at a threshold t, of N predicted points:
//     B         sum of the weights of predicted points outside of the ranges
//     TP        predicted points inside the ranges + B
//     recall    min(TP / (P + B / 2), 1) * share of segments with a predicted point
//     precision TP / N
//   area     sum over falling t of (recall - recall before) * precision, from recall 0
//
// Thresholds are the scores at THRESHOLDS evenly spaced ranks. The volume is the mean area over w =
// 0..W. The definition asks for n * THRESHOLDS * W steps; here each point is asked once for the first
// threshold that predicts it, and sums run over the thresholds, so that a width costs its buffers only.

import { type LabelledRange, labelledRanges } from "./labelled-ranges";

/** Widest buffer, in samples. */
export const VUS_WINDOW = 100;
/** Thresholds of a curve. */
export const VUS_THRESHOLDS = 250;

export interface VusOptions {
  readonly window?: number;
  readonly thresholds?: number;
}

/**
 * @param scores one a point, higher is more anomalous, finite
 * @param labels 1 where anomalous
 * @returns volume in [0, 1]; NaN where nothing or everything is labelled
 */
export function vusPr(scores: Float64Array, labels: Uint8Array, options: VusOptions = {}): number {
  const { window = VUS_WINDOW, thresholds = VUS_THRESHOLDS } = options;
  const ranges = labelledRanges(labels);
  const labelled = ranges.reduce((sum, range) => sum + range.last - range.first + 1, 0);
  if (labelled === 0 || labelled === labels.length) return Number.NaN;
  const levels = thresholdLevels(scores, thresholds);
  const first = firstPredictions(scores, levels);
  const predicted = cumulated(first, thresholds, () => 1);
  const inside = cumulated(first, thresholds, (i) => labels[i]!);
  let volume = 0;
  for (let width = 0; width <= window; width++) {
    const buffered = bufferWeights(ranges, labels, width);
    const found = foundSegments(mergedSegments(ranges, labels.length, width), first, thresholds);
    const outside = new Float64Array(thresholds);
    for (const [point, weight] of buffered) outside[first[point]!]! += weight;
    volume += areaOfWidth({ labelled, predicted, inside, outside: runningSum(outside), found });
  }
  return volume / (window + 1);
}

interface WidthCounts {
  readonly labelled: number;
  /** By threshold: predicted points, those inside ranges, weights of those outside. */
  readonly predicted: Float64Array;
  readonly inside: Float64Array;
  readonly outside: Float64Array;
  /** By threshold: share of segments with a predicted point. */
  readonly found: Float64Array;
}

function areaOfWidth({ labelled, predicted, inside, outside, found }: WidthCounts): number {
  let area = 0;
  let before = 0;
  for (let level = 0; level < predicted.length; level++) {
    const hits = inside[level]! + outside[level]!;
    const recall = Math.min(hits / (labelled + outside[level]! / 2), 1) * found[level]!;
    area += (recall - before) * (hits / predicted[level]!);
    before = recall;
  }
  return area;
}

/** Scores at evenly spaced ranks, from the highest to the lowest. */
export function thresholdLevels(scores: Float64Array, thresholds: number): Float64Array {
  const sorted = Float64Array.from(scores).sort().reverse();
  const step = (scores.length - 1) / (thresholds - 1);
  return Float64Array.from({ length: thresholds }, (_, i) => {
    return sorted[i === thresholds - 1 ? scores.length - 1 : Math.trunc(i * step)]!;
  });
}

/** For each point the first of the falling levels that its score reaches. */
function firstPredictions(scores: Float64Array, levels: Float64Array): Int32Array {
  return Int32Array.from(scores, (score) => {
    let low = 0;
    let high = levels.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (score >= levels[middle]!) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** By threshold, the sum over the points predicted there of what each counts. */
function cumulated(
  first: Int32Array,
  thresholds: number,
  countOf: (point: number) => number,
): Float64Array {
  const sums = new Float64Array(thresholds);
  first.forEach((level, point) => (sums[level]! += countOf(point)));
  return runningSum(sums);
}

function runningSum(values: Float64Array): Float64Array {
  for (let i = 1; i < values.length; i++) values[i]! += values[i - 1]!;
  return values;
}

/** Weights above 0 of points outside of the ranges. */
function bufferWeights(
  ranges: readonly LabelledRange[],
  labels: Uint8Array,
  width: number,
): Map<number, number> {
  const half = width >> 1;
  const weights = new Map<number, number>();
  const add = (point: number, distance: number) => {
    if (labels[point] !== 0) return;
    const weight = (weights.get(point) ?? 0) + Math.sqrt(1 - distance / width);
    weights.set(point, Math.min(weight, 1));
  };
  for (const { first, last } of ranges) {
    for (let d = 1; d <= half; d++) {
      add(last + d, d);
      add(first - d, d);
    }
  }
  return weights;
}

/** Ranges with half a width on both sides; those that touch are one. */
function mergedSegments(
  ranges: readonly LabelledRange[],
  length: number,
  width: number,
): LabelledRange[] {
  const half = width >> 1;
  const segments: LabelledRange[] = [];
  for (const range of ranges) {
    const first = Math.max(range.first - half, 0);
    const last = Math.min(range.last + half, length - 1);
    const previous = segments.at(-1);
    if (previous !== undefined && previous.last >= first) {
      segments[segments.length - 1] = { first: previous.first, last };
    } else {
      segments.push({ first, last });
    }
  }
  return segments;
}

/** By threshold, the share of segments with at least one predicted point. */
function foundSegments(
  segments: readonly LabelledRange[],
  first: Int32Array,
  thresholds: number,
): Float64Array {
  const found = new Float64Array(thresholds);
  for (const segment of segments) {
    let level = thresholds - 1;
    for (let i = segment.first; i <= segment.last; i++) level = Math.min(level, first[i]!);
    found[level]! += 1 / segments.length;
  }
  return runningSum(found);
}
