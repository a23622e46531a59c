// A windowed linear autoencoder: the current vector from the principal components of the last few.
// Not trained by gradient: its best weights are the eigenvectors of a covariance.
//
// What it reconstructs is known to it, so its residual measures how unusual the vector is beside
// the others of its window, not how it differs from a forecast.

import { GanglionError } from "../lib/errors";
import { seededPrng } from "../lib/prng";
import type { FloatLinear } from "../model/float-model";
import { everyInput } from "./forecaster";
import { COLUMN_BLOCK } from "./kernels";
import { momentsOf, principalComponents } from "./principal-components";

export interface LinearOptions {
  /** Vectors that are looked at together, the current one included; 1 to 8. */
  readonly window?: number;
  /** Components that are kept, a multiple of 8. */
  readonly hidden?: number;
  readonly seed?: number;
}

/** Inputs beyond are saturated, as the filter does. */
const INPUT_MAX = 8;
/** Room above the largest latent in training, which is scaled to 1 over this. */
const LATENT_ROOM = 2;
const LATENT_LEAST = 1e-6;

/**
 * Fits the autoencoder to series.
 * @param sequences vectors one after the other, `inputs` numbers each, in calibrated units
 * @returns a model whose inputs are rounded up to a multiple of 8
 * @throws GanglionError E_TRAIN_SHORT when no series is as long as a window
 */
export function trainLinear(
  sequences: readonly Float32Array[],
  inputs: number,
  { window = 5, hidden = 8, seed = 1 }: LinearOptions = {},
): FloatLinear {
  const width = Math.ceil(inputs / COLUMN_BLOCK) * COLUMN_BLOCK;
  const size = window * width;
  const long = sequences.filter((one) => one.length / inputs >= window);
  if (long.length === 0) {
    throw new GanglionError("E_TRAIN_SHORT", `no series has ${window} vectors in a row`, {
      hint: "Record for longer, or use a shorter window.",
    });
  }
  const rows = (take: (row: Float64Array) => void) => {
    const row = new Float64Array(size);
    for (const one of long) eachWindow(one, inputs, width, window, row, take);
  };
  const { mean, covariance } = momentsOf(size, rows);
  const random = seededPrng(seed).fork("components");
  const components = principalComponents(covariance, size, hidden, random);
  const ranges = latentRanges(components, mean, hidden, rows);
  return assemble(components, mean, ranges, { inputs, width, hidden, window });
}

/** Every window of one series, the newest vector first; `row` is filled anew for each. */
function eachWindow(
  one: Float32Array,
  inputs: number,
  width: number,
  window: number,
  row: Float64Array,
  take: (row: Float64Array) => void,
): void {
  const length = Math.floor(one.length / inputs);
  for (let newest = window - 1; newest < length; newest++) {
    for (let age = 0; age < window; age++) {
      for (let i = 0; i < inputs; i++) {
        const value = one[(newest - age) * inputs + i]!;
        row[age * width + i] = Math.max(-INPUT_MAX, Math.min(INPUT_MAX, value));
      }
    }
    take(row);
  }
}

/** Largest size of each latent. */
function latentRanges(
  components: Float64Array,
  mean: Float64Array,
  hidden: number,
  rows: (take: (row: Float64Array) => void) => void,
): Float64Array {
  const size = mean.length;
  const ranges = new Float64Array(hidden).fill(LATENT_LEAST);
  rows((row) => {
    for (let k = 0; k < hidden; k++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += components[k * size + i]! * (row[i]! - mean[i]!);
      ranges[k] = Math.max(ranges[k]!, Math.abs(sum));
    }
  });
  return ranges;
}

function assemble(
  components: Float64Array,
  mean: Float64Array,
  ranges: Float64Array,
  shape: { inputs: number; width: number; hidden: number; window: number },
): FloatLinear {
  const { inputs, width, hidden, window } = shape;
  const size = mean.length;
  const encoderWeights = new Float64Array(hidden * size);
  const encoderBiases = new Float64Array(hidden);
  const weights = new Float64Array(inputs * hidden);
  for (let k = 0; k < hidden; k++) {
    const range = LATENT_ROOM * ranges[k]!;
    for (let i = 0; i < size; i++) {
      const share = components[k * size + i]!;
      encoderWeights[k * size + i] = share / range;
      encoderBiases[k] = encoderBiases[k]! - (share * mean[i]!) / range;
      if (i < inputs) weights[i * hidden + k] = share * range;
    }
  }
  const head = { outputs: everyInput(inputs), weights, biases: mean.slice(0, inputs) };
  return {
    architecture: "linear",
    inputs: width,
    hidden,
    window,
    encoderWeights,
    encoderBiases,
    head,
  };
}
