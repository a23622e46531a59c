// Feature sequences in the units of the model: quantised exactly as the filter does it, and the same
// numbers as f32 for the trainer.

import { FEATURES } from "../contract";
import { ONE_Q12 } from "../model/q12";
import { quantiseFeature } from "../model/reference";
import type { FeatureSequence } from "../model/traffic";
import type { FeatureCalibration } from "./calibration";

/** One route's inputs, Q12. */
export type QuantisedSequence = Int16Array;

export function quantiseSequence(
  sequence: FeatureSequence,
  { offsets, scales }: FeatureCalibration,
): QuantisedSequence {
  const { vectors } = sequence;
  const out = new Int16Array(vectors.length);
  for (let i = 0; i < vectors.length; i++) {
    const feature = i % FEATURES;
    out[i] = quantiseFeature(vectors[i]!, offsets[feature]!, scales[feature]!);
  }
  return out;
}

/** In deviations, as the network sees it. */
export function inDeviations(sequence: QuantisedSequence): Float32Array {
  return Float32Array.from(sequence, (value) => value / ONE_Q12);
}
