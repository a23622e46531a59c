// From traffic to an artifact: calibrate, train, quantise, calibrate the score. The order matters:
// the score is calibrated last, with the integers that will serve, on traffic that training never
// saw.

import { Architecture, FEATURES, FEATURE_SCHEMA, RESIDUAL_CAP_Q8 } from "../contract";
import type { Prng } from "../lib/prng";
import { seededPrng } from "../lib/prng";
import { type FeatureCalibration, calibrateFeatures } from "./calibration";
import { type QuantisedSequence, quantiseSequence } from "./dataset";
import { PREDICTED_OUTPUTS } from "./predicted-outputs";
import { quantiseMatrix, ratioMultiplier, withSelfTest } from "../model/quantiser";
import {
  calibrateFloors,
  calibrateResiduals,
  healthySurprises,
  quantileTable,
} from "./score-calibration";
import { type ScorerArtifact, valueOutputs } from "../model/scorer-artifact";
import type { FeatureSequence } from "../model/traffic";
import { type TrainedModel, type TrainingProgress, train } from "./trainer";

export interface BuildOptions {
  readonly seed: number;
  readonly hidden: number;
  /** Most optimiser steps. */
  readonly steps: number;
  readonly name: string;
  readonly modelVersion: number;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

/** Healthy traffic in three parts that share no request. */
export interface BuildData {
  readonly training: readonly FeatureSequence[];
  readonly validation: readonly FeatureSequence[];
  readonly calibration: readonly FeatureSequence[];
}

export interface BuiltModel {
  readonly artifact: ScorerArtifact;
  readonly bestStep: number;
  readonly validationLoss: number;
  readonly trainingRequests: number;
  readonly calibrationRequests: number;
}

const WARM_UP_STEPS = 64;
/** The residuals' size is averaged over about 2^3 requests, their sign over 2^5. */
const SMOOTHING_SHIFT = 3;
const DRIFT_SHIFT = 5;
/** Evidence at and above this is an anomaly, Q8: one healthy request in a thousand. */
const THRESHOLD_EVIDENCE = 768;
/** A route's scale is the mean of its last 2^9 requests. */
const SCALE_SHIFT = 9;
const SELF_TEST_STEPS = 16;
const INPUT_SHIFT = 3;

/** Builds an artifact; the same data, options and seed give the same bytes. */
export function buildModel(data: BuildData, options: BuildOptions): BuiltModel {
  const random = seededPrng(options.seed).fork("build");
  const calibration = calibrateFeatures(data.training);
  const quantised = (sequences: readonly FeatureSequence[]) =>
    sequences.map((sequence) => quantiseSequence(sequence, calibration));
  const training = quantised(data.training);
  const validation = quantised(data.validation);
  const held = quantised(data.calibration);
  const trained = train(
    training,
    validation,
    PREDICTED_OUTPUTS,
    { hidden: options.hidden, steps: options.steps, onProgress: options.onProgress },
    random,
  );
  const draft = assemble(trained, calibration, options);
  const floored = { ...draft, scaleFloors: calibrateFloors(draft, validation) };
  const scaled = { ...floored, ...calibrateResiduals(floored, validation) };
  const quantiles = quantileTable(healthySurprises(scaled, held));
  const artifact = withSelfTest(
    { ...scaled, quantiles },
    selfTestInputs(held, random.fork("self-test")),
  );
  return {
    artifact,
    bestStep: trained.bestStep,
    validationLoss: trained.validationLoss,
    trainingRequests: countRequests(training),
    calibrationRequests: countRequests(held),
  };
}

function countRequests(sequences: readonly QuantisedSequence[]): number {
  return sequences.reduce((sum, sequence) => sum + sequence.length / FEATURES, 0);
}

/** The integer model, its score not yet calibrated. */
function assemble(
  { model, bestStep }: TrainedModel,
  calibration: FeatureCalibration,
  options: BuildOptions,
): ScorerArtifact {
  const { inputs, hidden, outputs } = model.shape;
  // The trained head sees the hidden state alone; the file's sees the inputs too.
  const skipless = new Float64Array(outputs * (inputs + hidden));
  for (let output = 0; output < outputs; output++) {
    const row = model.outputWeights.subarray(output * hidden, (output + 1) * hidden);
    skipless.set(row, output * (inputs + hidden) + inputs);
  }
  return {
    name: options.name,
    modelVersion: options.modelVersion,
    featureSchema: FEATURE_SCHEMA,
    architecture: Architecture.Lstm,
    variant: 0,
    inputs,
    hidden,
    outputs,
    inputShift: INPUT_SHIFT,
    warmUpSteps: WARM_UP_STEPS,
    smoothingShift: SMOOTHING_SHIFT,
    driftShift: DRIFT_SHIFT,
    scaleShift: SCALE_SHIFT,
    residualCapQ8: RESIDUAL_CAP_Q8,
    thresholdEvidence: THRESHOLD_EVIDENCE,
    trainingSeed: options.seed >>> 0,
    trainingSteps: bestStep,
    featureOffsets: calibration.offsets,
    featureScales: calibration.scales,
    ...valueOutputs(
      PREDICTED_OUTPUTS.map((output) => output.feature),
      PREDICTED_OUTPUTS.map((output) => output.carry),
    ),
    residualMultipliers: new Int32Array(outputs).fill(ratioMultiplier(256)),
    scaleFloors: new Int32Array(outputs).fill(1),
    driftMultipliers: new Int32Array(outputs).fill(ratioMultiplier(256)),
    quantiles: [
      { surprise: 0, evidence: 0 },
      { surprise: 1, evidence: THRESHOLD_EVIDENCE },
    ],
    core: [quantiseMatrix(model.gateWeights, model.gateBiases, 4 * hidden, inputs + hidden)],
    predictor: quantiseMatrix(skipless, model.outputBiases, outputs, inputs + hidden),
    selfTest: [],
  };
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
