// From a float model to an artifact that is calibrated: rounded, its residuals and its score measured
// with the integers that will serve. The last half of every way to a model: training and import alike.

import { FEATURES } from "../contract";
import type { Prng } from "../lib/prng";
import type { FloatModel } from "../model/float-model";
import { quantiseModel } from "../model/quantise-model";
import { withSelfTest } from "../model/quantiser";
import type { ScorerArtifact } from "../model/scorer-artifact";
import type { FeatureCalibration } from "./calibration";
import type { QuantisedSequence } from "./dataset";
import {
  calibrateFloors,
  calibrateResiduals,
  healthySurprises,
  quantileTable,
} from "./score-calibration";

const WARM_UP_STEPS = 64;
/** The residuals' size is averaged over about 2^3 requests, their sign over 2^5. */
const SMOOTHING_SHIFT = 3;
const DRIFT_SHIFT = 5;
/** A route's scale is the mean of its last 2^9 requests. */
const SCALE_SHIFT = 9;
/** Evidence at and above this is an anomaly, Q8: one healthy request in a thousand. */
const THRESHOLD_EVIDENCE = 768;
const SELF_TEST_STEPS = 16;

/** Healthy traffic that the model was not fitted to; the parts share no request. */
export interface CalibrationParts {
  /** Sizes of residuals are measured here. */
  readonly validation: readonly QuantisedSequence[];
  /** What a surprise is worth is measured here. */
  readonly held: readonly QuantisedSequence[];
}

export interface ArtifactIdentity {
  readonly name: string;
  readonly modelVersion: number;
  readonly seed: number;
  /** Optimiser steps behind the weights. */
  readonly trainingSteps: number;
}

/**
 * @param random of the self-test's extreme vectors
 * @throws GanglionError E_MODEL_RANGE, E_MODEL_SHAPE
 */
export function finishArtifact(
  model: FloatModel,
  { offsets, scales }: FeatureCalibration,
  { validation, held }: CalibrationParts,
  { name, modelVersion, seed, trainingSteps }: ArtifactIdentity,
  random: Prng,
): ScorerArtifact {
  const draft = quantiseModel(model, {
    name,
    modelVersion,
    warmUpSteps: WARM_UP_STEPS,
    smoothingShift: SMOOTHING_SHIFT,
    driftShift: DRIFT_SHIFT,
    scaleShift: SCALE_SHIFT,
    thresholdEvidence: THRESHOLD_EVIDENCE,
    trainingSeed: seed,
    trainingSteps,
    featureOffsets: offsets,
    featureScales: scales,
  });
  const floored = { ...draft, scaleFloors: calibrateFloors(draft, validation) };
  const scaled = { ...floored, ...calibrateResiduals(floored, validation) };
  const quantiles = quantileTable(healthySurprises(scaled, held));
  return withSelfTest({ ...scaled, quantiles }, selfTestInputs(held, random));
}

/** Real vectors, and a few at the ends of the domain so that saturation is tested too. */
function selfTestInputs(sequences: readonly QuantisedSequence[], random: Prng): Int16Array[] {
  const sequence = sequences[0] ?? new Int16Array(FEATURES);
  return Array.from({ length: SELF_TEST_STEPS }, (_, step) => {
    if (step % 4 === 3) {
      return Int16Array.from({ length: FEATURES }, () => (random.below(2) === 0 ? -32767 : 32767));
    }
    const at = (step * FEATURES) % sequence.length;
    return sequence.slice(at, at + FEATURES);
  });
}
