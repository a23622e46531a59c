// The two methods that a model has to beat, in floating point and with what the model gets: scaled
// vectors, the train part, nothing from the future. The robust z asks how far a sample is from the
// usual; the subspace asks how badly a window of five samples is put together from the directions in
// which the train part varies.

import { symmetricEigen } from "./symmetric-eigen";

/** Scaled vectors of one series, row by row. */
export interface ScaledSeries {
  readonly values: Float32Array;
  readonly samples: number;
  readonly inputs: number;
}

/** Sum of squares of each sample. */
export function robustZ(series: ScaledSeries): Float64Array {
  return Float64Array.from({ length: series.samples }, (_, row) => {
    let sum = 0;
    for (let i = row * series.inputs; i < (row + 1) * series.inputs; i++) {
      sum += series.values[i]! * series.values[i]!;
    }
    return sum;
  });
}

/** Samples of a window, and the share of the train part's variance that its directions keep. */
export const SUBSPACE_WINDOW = 5;
const SUBSPACE_SHARE = 0.98;

/** Principal directions of windows (PCA of delay-embedded vectors). */
export class WindowSubspace {
  private constructor(
    private readonly width: number,
    private readonly mean: Float64Array,
    /** Kept directions, each as long as a window. */
    private readonly directions: readonly Float64Array[],
  ) {}

  /** Directions kept. */
  get rank(): number {
    return this.directions.length;
  }

  static fit(train: ScaledSeries): WindowSubspace {
    const width = SUBSPACE_WINDOW * train.inputs;
    const { mean, covariance } = windowMoments(train, width);
    const { values, vectors } = symmetricEigen(covariance, width);
    const total = values.reduce((sum, value) => sum + value, 0);
    const directions: Float64Array[] = [];
    let kept = 0;
    while (directions.length < width && kept < SUBSPACE_SHARE * total) {
      const at = directions.length;
      kept += values[at]!;
      directions.push(vectors.slice(at * width, (at + 1) * width));
    }
    return new WindowSubspace(width, mean, directions);
  }

  /** Squared distance of the window that ends at each sample; 0 until there is one. */
  score(series: ScaledSeries): Float64Array {
    const scores = new Float64Array(series.samples);
    const centred = new Float64Array(this.width);
    for (let row = SUBSPACE_WINDOW - 1; row < series.samples; row++) {
      const from = (row - SUBSPACE_WINDOW + 1) * series.inputs;
      for (let i = 0; i < this.width; i++) centred[i] = series.values[from + i]! - this.mean[i]!;
      for (const direction of this.directions) takeAway(centred, direction);
      scores[row] = centred.reduce((sum, value) => sum + value * value, 0);
    }
    return scores;
  }
}

/** Removes a unit vector's part from `values`. */
function takeAway(values: Float64Array, direction: Float64Array): void {
  let part = 0;
  for (let i = 0; i < values.length; i++) part += direction[i]! * values[i]!;
  for (let i = 0; i < values.length; i++) values[i]! -= part * direction[i]!;
}

function windowMoments(
  train: ScaledSeries,
  width: number,
): { mean: Float64Array; covariance: Float64Array } {
  const windows = train.samples - SUBSPACE_WINDOW + 1;
  const mean = new Float64Array(width);
  for (let row = 0; row < windows; row++) {
    for (let i = 0; i < width; i++) mean[i]! += train.values[row * train.inputs + i]! / windows;
  }
  const covariance = new Float64Array(width * width);
  const centred = new Float64Array(width);
  for (let row = 0; row < windows; row++) {
    for (let i = 0; i < width; i++) centred[i] = train.values[row * train.inputs + i]! - mean[i]!;
    addOuterProduct(covariance, centred, windows);
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) covariance[i * width + j] = covariance[j * width + i]!;
  }
  return { mean, covariance };
}

/** Upper half only. */
function addOuterProduct(covariance: Float64Array, centred: Float64Array, windows: number): void {
  const width = centred.length;
  for (let i = 0; i < width; i++) {
    const value = centred[i]! / windows;
    if (value === 0) continue;
    for (let j = i; j < width; j++) covariance[i * width + j]! += value * centred[j]!;
  }
}
