// Trains a network that says something of the next vector of any multivariate series: metrics of a
// server, or the features of a route.

import { availableParallelism } from "node:os";
import { ExitCode, GanglionError } from "../lib/errors";
import { seededPrng } from "../lib/prng";
import type { FloatModel, FloatOutput } from "../model/float-model";
import { exportNetwork } from "./export-network";
import { type Fit, type FitOptions, type TrainingProgress, fit } from "./fit";
import { COLUMN_BLOCK, type TrainingKernels } from "./kernels";
import type { SequenceArchitecture, TrainingPlan } from "./training-plan";
import { type Series, Windows } from "./windows";

export interface ForecasterOptions {
  readonly architecture?: SequenceArchitecture;
  /** A multiple of 8. */
  readonly hidden?: number;
  /** What is predicted; every input's next value by default. */
  readonly outputs?: readonly FloatOutput[];
  readonly seed?: number;
  /** Most optimiser steps. */
  readonly steps?: number;
  /** Windows of a batch, a multiple of 16. */
  readonly batch?: number;
  /** Steps of a window, and how many of them only warm the state up. */
  readonly windowSteps?: number;
  readonly burnIn?: number;
  /** Largest learning rate. */
  readonly rate?: number;
  /** Share of the steps, at the end, that learn with rounded weights. */
  readonly roundedShare?: number;
  readonly patience?: number;
  /** Series that are not learnt from; the last sixth of each series by default. */
  readonly validation?: readonly Float32Array[];
  readonly threads?: number;
  readonly kernels?: TrainingKernels;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

export interface Forecaster {
  /** Inputs are rounded up to a multiple of 8; the added columns are expected to be 0. */
  readonly model: FloatModel;
  readonly fit: Fit;
}

const DEFAULTS = {
  architecture: "gru",
  hidden: 16,
  seed: 1,
  steps: 132,
  batch: 64,
  windowSteps: 48,
  burnIn: 6,
  rate: 0.01,
  roundedShare: 0.2,
  patience: 8,
  threads: Math.min(4, availableParallelism()),
} as const;

/** Windows of a shard: enough rows for the kernels' blocks, few enough to divide a batch. */
const SHARD_WINDOWS = 16;
const VALIDATION_SHARDS = 8;
const VALIDATION_SHARE = 1 / 6;
const NORM_MAX = 1;
/** Inputs beyond are saturated, as the filter does. */
const INPUT_MAX = 8;
/** Targets smaller than this, in input units, are not blown up any further. */
const TARGET_LEAST = 0.02;

/**
 * Trains on series.
 * @param sequences vectors one after the other, `inputs` numbers each, in calibrated units
 * @param inputs length of a vector, at most 64
 * @throws GanglionError E_TRAIN_SHORT when no series has enough vectors for one window
 */
export function trainForecaster(
  sequences: readonly Float32Array[],
  inputs: number,
  options: ForecasterOptions = {},
): Forecaster {
  const settings = { ...DEFAULTS, ...withoutUndefined(options) };
  const { steps, hidden, windowSteps, burnIn, architecture } = settings;
  const outputs = settings.outputs ?? everyInput(inputs);
  const split = splitSequences(sequences, inputs, options.validation);
  const packed = packSeries([...split.training, ...split.validation], inputs);
  const training = packed.series.slice(0, split.training.length);
  const plan: TrainingPlan = {
    architecture,
    inputs: packed.width,
    hidden,
    outputs,
    targetScales: measureTargets(packed, training, outputs),
    shape: { steps: windowSteps, windows: SHARD_WINDOWS },
    burnIn,
  };
  const windows = {
    training: new Windows(training, windowSteps),
    validation: new Windows(packed.series.slice(split.training.length), windowSteps),
  };
  if (windows.training.series === 0 || windows.validation.series === 0) {
    throw tooShort(windowSteps, windows.training.series === 0 ? "training" : "validation");
  }
  const fitOptions: FitOptions = {
    steps,
    shards: Math.max(1, Math.round(settings.batch / SHARD_WINDOWS)),
    rate: settings.rate,
    normMax: NORM_MAX,
    roundedShare: settings.roundedShare,
    patience: settings.patience,
    validateEvery: Math.max(1, Math.min(25, Math.round(steps / 12))),
    validationShards: VALIDATION_SHARDS,
    threads: settings.threads,
    kernels: options.kernels,
    onProgress: options.onProgress,
  };
  const random = seededPrng(settings.seed).fork("forecaster");
  const result = fit(
    plan,
    windows.training,
    windows.validation,
    packed.vectors,
    fitOptions,
    random,
  );
  return { model: exportNetwork(plan, result), fit: result };
}

/** Options that are given, so that an undefined one does not hide a default. */
function withoutUndefined(options: ForecasterOptions): ForecasterOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Every input's next value. */
export function everyInput(inputs: number): FloatOutput[] {
  return Array.from({ length: inputs }, (_, feature) => ({ kind: "value", feature, carry: false }));
}

function tooShort(windowSteps: number, part: string): GanglionError {
  return new GanglionError(
    "E_TRAIN_SHORT",
    `no ${part} series has more than ${windowSteps} vectors in a row`,
    { hint: "Record for longer, or use shorter windows.", exitCode: ExitCode.badInput },
  );
}

function splitSequences(
  sequences: readonly Float32Array[],
  inputs: number,
  validation: readonly Float32Array[] | undefined,
): { training: readonly Float32Array[]; validation: readonly Float32Array[] } {
  if (validation !== undefined) return { training: sequences, validation };
  const cuts = sequences.map((one) => {
    const count = Math.floor(one.length / inputs);
    return inputs * (count - Math.round(count * VALIDATION_SHARE));
  });
  return {
    training: sequences.map((one, i) => one.subarray(0, cuts[i])),
    validation: sequences.map((one, i) => one.subarray(cuts[i])),
  };
}

interface PackedSeries {
  readonly vectors: Float32Array;
  readonly series: readonly Series[];
  readonly width: number;
}

/** All series in one shared array, vectors padded to whole blocks and saturated. */
function packSeries(sequences: readonly Float32Array[], inputs: number): PackedSeries {
  const width = Math.ceil(inputs / COLUMN_BLOCK) * COLUMN_BLOCK;
  const total = sequences.reduce((sum, one) => sum + Math.floor(one.length / inputs), 0);
  const vectors = new Float32Array(new SharedArrayBuffer(4 * total * width));
  const series: Series[] = [];
  let start = 0;
  for (const one of sequences) {
    const length = Math.floor(one.length / inputs);
    for (let i = 0; i < length; i++) {
      for (let column = 0; column < inputs; column++) {
        const value = one[i * inputs + column]!;
        const kept = Math.max(-INPUT_MAX, Math.min(INPUT_MAX, value));
        vectors[(start + i) * width + column] = kept;
      }
    }
    series.push({ start, length });
    start += length;
  }
  return { vectors, series, width };
}

/** 1 / typical size of each output's target. */
function measureTargets(
  { vectors, width }: PackedSeries,
  series: readonly Series[],
  outputs: readonly FloatOutput[],
): number[] {
  return outputs.map((output) => {
    if (output.kind === "logit") return 1;
    let squares = 0;
    let count = 0;
    for (const { start, length } of series) {
      for (let i = start; i + 1 < start + length; i++) {
        const now = output.carry ? vectors[i * width + output.feature]! : 0;
        const target = vectors[(i + 1) * width + output.feature]! - now;
        squares += target * target;
        count += 1;
      }
    }
    return 1 / Math.max(TARGET_LEAST, Math.sqrt(squares / Math.max(1, count)));
  });
}
