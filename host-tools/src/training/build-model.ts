// From traffic to an artifact: calibrate the inputs, train, quantise, calibrate the score. The order
// matters: the score is calibrated last, with the integers that will serve, on traffic that training
// never saw.

import { FEATURES } from "../contract";
import { type Prng, seededPrng } from "../lib/prng";
import type { FloatModel } from "../model/float-model";
import { type ArtifactMeta, quantiseModel } from "../model/quantise-model";
import { withSelfTest } from "../model/quantiser";
import type { ScorerArtifact } from "../model/scorer-artifact";
import type { FeatureSequence } from "../model/traffic";
import { type FeatureCalibration, calibrateFeatures } from "./calibration";
import { type QuantisedSequence, inDeviations, quantiseSequence } from "./dataset";
import type { TrainingProgress } from "./fit";
import { trainForecaster } from "./forecaster";
import { trainLinear } from "./linear-autoencoder";
import { predictedOutputs } from "./predicted-outputs";
import {
  calibrateFloors,
  calibrateResiduals,
  healthySurprises,
  quantileTable,
} from "./score-calibration";
import type { SequenceArchitecture } from "./training-plan";

/** What `ganglion train` can make. */
export type TrainedArchitecture = SequenceArchitecture | "linear";

export interface BuildOptions {
  readonly seed: number;
  readonly architecture: TrainedArchitecture;
  readonly hidden: number;
  /** Most optimiser steps. */
  readonly steps: number;
  readonly name: string;
  readonly modelVersion: number;
  readonly threads?: number | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

/** Healthy traffic in three parts that share no request. */
export interface BuildData {
  readonly training: readonly FeatureSequence[];
  readonly validation: readonly FeatureSequence[];
  readonly calibration: readonly FeatureSequence[];
}

/** How a training by gradient went. */
export interface TrainingOutcome {
  readonly bestStep: number;
  readonly stepsTaken: number;
  readonly loss: number;
  readonly validationLoss: number;
}

export interface BuiltModel {
  readonly artifact: ScorerArtifact;
  /** Undefined for a model that is not trained by gradient. */
  readonly outcome: TrainingOutcome | undefined;
  readonly trainingRequests: number;
  readonly calibrationRequests: number;
}

const WARM_UP_STEPS = 64;
/** The residuals' size is averaged over about 2^3 requests, their sign over 2^5. */
const SMOOTHING_SHIFT = 3;
const DRIFT_SHIFT = 5;
/** A route's scale is the mean of its last 2^9 requests. */
const SCALE_SHIFT = 9;
/** Evidence at and above this is an anomaly, Q8: one healthy request in a thousand. */
const THRESHOLD_EVIDENCE = 768;
const SELF_TEST_STEPS = 16;
/** Windows of a training on a route's requests. */
const WINDOWS = { batch: 64, windowSteps: 48, burnIn: 8, rate: 0.01, patience: 10 } as const;
/** Vectors that a linear model looks at together. */
const LINEAR_WINDOW = 4;

/** Builds an artifact; the same data, options and seed give the same bytes. */
export function buildModel(data: BuildData, options: BuildOptions): BuiltModel {
  const random = seededPrng(options.seed).fork("build");
  const calibration = calibrateFeatures(data.training);
  const quantised = (sequences: readonly FeatureSequence[]) =>
    sequences.map((sequence) => quantiseSequence(sequence, calibration));
  const training = quantised(data.training);
  const validation = quantised(data.validation);
  const held = quantised(data.calibration);
  const { model, outcome } = trainNetwork(training, validation, calibration, options);
  const draft = quantiseModel(model, metaOf(options, calibration, outcome?.bestStep ?? 0));
  const floored = { ...draft, scaleFloors: calibrateFloors(draft, validation) };
  const scaled = { ...floored, ...calibrateResiduals(floored, validation) };
  const quantiles = quantileTable(healthySurprises(scaled, held));
  const artifact = withSelfTest(
    { ...scaled, quantiles },
    selfTestInputs(held, random.fork("self-test")),
  );
  return {
    artifact,
    outcome,
    trainingRequests: countRequests(training),
    calibrationRequests: countRequests(held),
  };
}

function trainNetwork(
  training: readonly QuantisedSequence[],
  validation: readonly QuantisedSequence[],
  calibration: FeatureCalibration,
  options: BuildOptions,
): { readonly model: FloatModel; readonly outcome: TrainingOutcome | undefined } {
  const { architecture, hidden, seed, steps, threads, onProgress } = options;
  const series = training.map(inDeviations);
  if (architecture === "linear") {
    const model = trainLinear(series, FEATURES, { window: LINEAR_WINDOW, hidden, seed });
    return { model, outcome: undefined };
  }
  const { model, fit } = trainForecaster(series, FEATURES, {
    ...WINDOWS,
    architecture,
    hidden,
    seed,
    steps,
    outputs: predictedOutputs(calibration),
    validation: validation.map(inDeviations),
    ...(threads === undefined ? {} : { threads }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return { model, outcome: fit };
}

function metaOf(
  { name, modelVersion, seed }: BuildOptions,
  { offsets, scales }: FeatureCalibration,
  trainingSteps: number,
): ArtifactMeta {
  return {
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
  };
}

function countRequests(sequences: readonly QuantisedSequence[]): number {
  return sequences.reduce((sum, sequence) => sum + sequence.length / FEATURES, 0);
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
