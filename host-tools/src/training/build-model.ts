// From traffic to an artifact: calibrate the inputs, train, quantise, calibrate the score. The order
// matters: the score is calibrated last, with the integers that will serve, on traffic that training
// never saw.

import { FEATURES } from "../contract";
import { seededPrng } from "../lib/prng";
import type { FloatModel } from "../model/float-model";
import type { ScorerArtifact } from "../model/scorer-artifact";
import type { FeatureSequence } from "../model/traffic";
import { type FeatureCalibration, calibrateFeatures } from "./calibration";
import { type QuantisedSequence, inDeviations, quantiseSequence } from "./dataset";
import { finishArtifact } from "./finish-artifact";
import type { TrainingProgress } from "./fit";
import { trainForecaster } from "./forecaster";
import { trainLinear } from "./linear-autoencoder";
import { predictedOutputs } from "./predicted-outputs";
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
  const artifact = finishArtifact(
    model,
    calibration,
    { validation, held },
    { ...options, trainingSteps: outcome?.bestStep ?? 0 },
    random.fork("self-test"),
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

function countRequests(sequences: readonly QuantisedSequence[]): number {
  return sequences.reduce((sum, sequence) => sum + sequence.length / FEATURES, 0);
}
