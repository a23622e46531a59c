// From raw features to the unit in which the model computes, measured on training traffic: offset
// is the mean, one unit a standard deviation. Not min and max: one outlier would squeeze everything
// else.

import { FEATURES, Feature } from "../contract";
import { GanglionError } from "../lib/errors";
import { ONE_Q12 } from "../model/q12";
import type { FeatureSequence } from "../model/traffic";

/**
 * Smallest deviation that counts as one unit, in raw units. A feature that never changed in
 * training must not turn a ripple into an extreme.
 */
function deviationFloor(feature: Feature): number {
  switch (feature) {
    case Feature.ErrorFast:
    case Feature.ErrorSlow:
    case Feature.LimitedShare:
    case Feature.ClientErrorFast:
    case Feature.RetryShare:
    case Feature.PathNovelty:
      return 0.05;
    case Feature.FailedLast:
      // The whole range, 0 to 1, has to fit into the filter's +-8.
      return 0.15;
    case Feature.MethodUnsafe:
      return 0.25;
    default:
      return 0.5;
  }
}

export interface FeatureCalibration {
  readonly offsets: Float32Array;
  /** Q12 units per raw unit. */
  readonly scales: Float32Array;
}

/** @throws GanglionError E_TRAFFIC_EMPTY without a single vector */
export function calibrateFeatures(sequences: readonly FeatureSequence[]): FeatureCalibration {
  const offsets = new Float32Array(FEATURES);
  const scales = new Float32Array(FEATURES);
  const count = sequences.reduce((sum, s) => sum + s.vectors.length / FEATURES, 0);
  if (count === 0) {
    throw new GanglionError("E_TRAFFIC_EMPTY", "there is no request to learn from", {
      hint: "Give --from a file with requests, or `--from synthetic`.",
    });
  }
  for (let feature = 0; feature < FEATURES; feature++) {
    let sum = 0;
    let squares = 0;
    for (const { vectors } of sequences) {
      for (let at = feature; at < vectors.length; at += FEATURES) {
        sum += vectors[at]!;
        squares += vectors[at]! * vectors[at]!;
      }
    }
    const mean = sum / count;
    const deviation = Math.sqrt(Math.max(0, squares / count - mean * mean));
    offsets[feature] = mean;
    scales[feature] = ONE_Q12 / Math.max(deviation, deviationFloor(feature));
  }
  return { offsets, scales };
}
