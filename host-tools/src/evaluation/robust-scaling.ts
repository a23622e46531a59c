// Brings every column to a comparable unit: (x - median) / (95th - 5th percentile), both of the train
// part alone. Not mean and deviation: one spike in the train part would shrink a column to nothing.

import type { Series } from "./multivariate-data";

export interface RobustScaling {
  /** By column. */
  readonly medians: Float64Array;
  readonly ranges: Float64Array;
}

/** A range is at least this much of its column's greatest size: what stands still has none. */
const STILL_SHARE = 0.01;

/** @param train the part that a model may know */
export function robustScaling(train: Series): RobustScaling {
  const medians = new Float64Array(train.inputs);
  const ranges = new Float64Array(train.inputs);
  for (let column = 0; column < train.inputs; column++) {
    const sorted = columnOf(train, column).sort();
    medians[column] = quantileOf(sorted, 0.5);
    const range = quantileOf(sorted, 0.95) - quantileOf(sorted, 0.05);
    const least = STILL_SHARE * Math.max(Math.abs(sorted[0]!), Math.abs(sorted.at(-1)!));
    ranges[column] = Math.max(range, least) || 1;
  }
  return { medians, ranges };
}

/** Linear between ranks. @param sorted ascending, not empty */
export function quantileOf(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low);
}

/** Scaled values beyond this many ranges say no more; it is also where the filter's Q12 inputs end. */
export const SCALED_CLIP = 8;

/** @returns (x - median) / range by column, within the clip */
export function scaled(series: Series, { medians, ranges }: RobustScaling): Float32Array {
  return series.values.map((value, i) => {
    const column = i % series.inputs;
    const unit = (value - medians[column]!) / ranges[column]!;
    return Math.max(-SCALED_CLIP, Math.min(SCALED_CLIP, unit));
  });
}

function columnOf(series: Series, column: number): Float64Array {
  return Float64Array.from({ length: series.samples }, (_, row) => {
    return series.values[row * series.inputs + column]!;
  });
}
