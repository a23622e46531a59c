// From a float model to an artifact: pads it to what the kernels take, rounds its matrices, and
// fills the tables of its outputs. Calibration, of inputs and of scores, comes from the caller: it is
// measured, not derived.

import {
  ACCUMULATOR_COLUMNS_MAX,
  Architecture,
  FEATURE_SCHEMA,
  INPUT_SHIFT_MAX,
  OutputKind,
  WINDOW_MAX,
} from "../contract";
import { GanglionError } from "../lib/errors";
import type { FloatLinear, FloatModel, FloatOutput } from "./float-model";
import { paddedModel } from "./padded-model";
import { ONE_Q12 } from "./q12";
import { type FloatMatrixView, quantiseMatrices, ratioMultiplier, withSelfTest } from "./quantiser";
import type { QuantileKnot, ScorerArtifact } from "./scorer-artifact";
import { quantiseTransformer } from "./transformer-quantiser";

/** What an artifact has beside the model; everything has a default that is said here. */
export interface ArtifactMeta {
  readonly name: string;
  readonly modelVersion?: number;
  /** The filter's. */
  readonly featureSchema?: number;
  /** 0; one score per step from the second on. */
  readonly warmUpSteps?: number;
  /** 0: no averaging. */
  readonly smoothingShift?: number;
  /** 5: drift over about 32 steps. */
  readonly driftShift?: number;
  /** 9; 0 takes the floors as scales. */
  readonly scaleShift?: number;
  /** 1024: 4.0. */
  readonly residualCapQ8?: number;
  /** 768: one in a thousand. */
  readonly thresholdEvidence?: number;
  readonly trainingSeed?: number;
  readonly trainingSteps?: number;
  /** Raw value that becomes 0, one per input; 0. */
  readonly featureOffsets?: Float32Array;
  /** Q12 units per raw unit, one per input; 4096: vectors in deviations. */
  readonly featureScales?: Float32Array;
  /** One per output; a ratio of 1.0 counts as 1.0. */
  readonly residualMultipliers?: Int32Array;
  readonly driftMultipliers?: Int32Array;
  /** Q12, one per output; 4096: 1.0. */
  readonly scaleFloors?: Int32Array;
  /** A line from nothing to evidence 4.0 at surprise 64.0. */
  readonly quantiles?: readonly QuantileKnot[];
  /** Vectors (Q12) that the artifact is tested with; four of zeros. */
  readonly selfTestInputs?: readonly Int16Array[];
}

const ARCHITECTURES = {
  lstm: Architecture.Lstm,
  gru: Architecture.Gru,
  transformer: Architecture.Transformer,
  linear: Architecture.Linear,
} as const;

const PLAIN_QUANTILES: readonly QuantileKnot[] = [
  { surprise: 0, evidence: 0 },
  { surprise: 64 * ONE_Q12, evidence: 1024 },
];

/**
 * Rounds a model.
 * @throws GanglionError E_MODEL_RANGE when a number is not finite or larger than an artifact can
 * carry, E_MODEL_SHAPE when it is no shape that the kernels run
 */
export function quantiseModel(model: FloatModel, meta: ArtifactMeta): ScorerArtifact {
  const padded = paddedModel(model);
  const { inputs, hidden, head } = padded;
  const outputs = head.outputs.length;
  const filled = (given: Int32Array | undefined, value: number) =>
    given ?? new Int32Array(outputs).fill(value);
  const artifact: Omit<ScorerArtifact, "selfTest"> = {
    name: meta.name,
    modelVersion: meta.modelVersion ?? 1,
    featureSchema: meta.featureSchema ?? FEATURE_SCHEMA,
    inputs,
    hidden,
    outputs,
    warmUpSteps: meta.warmUpSteps ?? 0,
    smoothingShift: meta.smoothingShift ?? 0,
    driftShift: meta.driftShift ?? 5,
    scaleShift: meta.scaleShift ?? 9,
    residualCapQ8: meta.residualCapQ8 ?? 1024,
    thresholdEvidence: meta.thresholdEvidence ?? 768,
    trainingSeed: (meta.trainingSeed ?? 0) >>> 0,
    trainingSteps: meta.trainingSteps ?? 0,
    featureOffsets: paddedFloats(meta.featureOffsets, inputs, 0, 0),
    featureScales: paddedFloats(meta.featureScales, inputs, ONE_Q12, 1),
    ...outputTable(head.outputs),
    residualMultipliers: filled(meta.residualMultipliers, ratioMultiplier(256)),
    driftMultipliers: filled(meta.driftMultipliers, ratioMultiplier(256)),
    scaleFloors: filled(meta.scaleFloors, ONE_Q12),
    quantiles: meta.quantiles ?? PLAIN_QUANTILES,
    ...quantisedLayers(padded),
  };
  const tests = meta.selfTestInputs ?? Array.from({ length: 4 }, () => new Int16Array(inputs));
  return withSelfTest(
    artifact,
    tests.map((x) => Int16Array.from({ length: inputs }, (_, i) => x[i] ?? 0)),
  );
}

/** The given numbers, filled up for the inputs of padding. */
function paddedFloats(
  given: Float32Array | undefined,
  length: number,
  fallback: number,
  padding: number,
): Float32Array {
  if (given === undefined) return new Float32Array(length).fill(fallback);
  return Float32Array.from({ length }, (_, i) => given[i] ?? padding);
}

function outputTable(outputs: readonly FloatOutput[]) {
  const column = (of: (output: FloatOutput) => number) => Int32Array.from(outputs, of);
  const unit = (value: number) => Math.max(-32768, Math.min(32767, Math.round(value * ONE_Q12)));
  return {
    outputFeatures: column((output) => output.feature),
    outputKinds: column(({ kind }) =>
      kind === "value"
        ? OutputKind.Value
        : kind === "quantile"
          ? OutputKind.Quantile
          : OutputKind.Logit,
    ),
    outputCarries: column((output) => (output.kind !== "logit" && output.carry ? 1 : 0)),
    outputLevels: column((output) =>
      output.kind === "quantile" ? Math.round(output.tau * 32768) : 0,
    ),
    outputZeros: column((output) => (output.kind === "logit" ? unit(output.zero) : 0)),
    outputOnes: column((output) => (output.kind === "logit" ? unit(output.one) : 0)),
  };
}

type Layers = Pick<
  ScorerArtifact,
  "architecture" | "variant" | "inputShift" | "core" | "predictor" | "transformer"
>;

function quantisedLayers(model: FloatModel): Layers {
  if (model.architecture === "linear") return linearLayers(model);
  const { inputs, hidden, head } = model;
  const inputShift = inputShiftFor(inputs, hidden);
  // Inputs that are shifted by less than 3 count as less; their weights make up for it.
  const gain = 2 ** (INPUT_SHIFT_MAX - inputShift);
  const predictor = quantiseMatrices([
    withInputGain(view(head.weights, head.biases, inputs + hidden), inputs, gain),
  ])[0]!;
  const common = { architecture: ARCHITECTURES[model.architecture], inputShift, predictor };
  if (model.architecture === "transformer") {
    const transformer = quantiseTransformer(model.layer);
    const { heads, ring, feedForward } = model.layer.shape;
    const variant = heads + (ring << 8) + (feedForward << 16);
    return { ...common, variant, core: [], transformer };
  }
  const gates = view(model.gateWeights, model.gateBiases, inputs + hidden);
  const matrices = [withInputGain(gates, inputs, gain)];
  if (model.architecture === "gru") {
    const fromInputs = view(model.candidateInputWeights, model.candidateInputBiases, inputs);
    const fromHidden = view(model.candidateHiddenWeights, model.candidateHiddenBiases, hidden);
    matrices.push(withInputGain(fromInputs, inputs, gain), fromHidden);
  }
  return { ...common, variant: 0, core: quantiseMatrices(matrices) };
}

/** The largest shift with which no accumulator can overflow. */
export function inputShiftFor(inputs: number, hidden: number): number {
  let shift = INPUT_SHIFT_MAX;
  while ((inputs << shift) + hidden > ACCUMULATOR_COLUMNS_MAX) shift--;
  return shift;
}

function view(weights: Float64Array, biases: Float64Array, columns: number): FloatMatrixView {
  return { weights, biases, rows: biases.length, columns };
}

/** The matrix with its first `inputs` columns multiplied by a gain. */
function withInputGain(matrix: FloatMatrixView, inputs: number, gain: number): FloatMatrixView {
  const { columns } = matrix;
  const weights = Float64Array.from(matrix.weights, (weight, i) =>
    i % columns < inputs ? weight * gain : weight,
  );
  return { ...matrix, weights };
}

/**
 * A linear model's latents have no natural range. Each is divided by the sum of its weights' sizes
 * (and its bias), so that it fits +-8 for whatever vectors come, and its decoder column multiplied
 * by the same.
 */
function linearLayers(model: FloatLinear): Layers {
  const { inputs, hidden, window, head } = model;
  const columns = window * inputs;
  if (window > WINDOW_MAX || columns > ACCUMULATOR_COLUMNS_MAX) {
    throw new GanglionError(
      "E_MODEL_SHAPE",
      `a window of ${window} vectors of ${inputs} has ${columns} numbers, at most ${ACCUMULATOR_COLUMNS_MAX} in ${WINDOW_MAX} vectors`,
      { hint: "Take a shorter window." },
    );
  }
  const reach = Float64Array.from({ length: hidden }, (_, row) => {
    let sum = Math.abs(model.encoderBiases[row]!) / 8;
    for (let i = 0; i < columns; i++) sum += Math.abs(model.encoderWeights[row * columns + i]!);
    return Math.max(sum, 1e-6);
  });
  const encoder = model.encoderWeights.map((w, i) => w / reach[Math.floor(i / columns)]!);
  const biases = model.encoderBiases.map((bias, row) => bias / reach[row]!);
  const decoder = head.weights.map((w, i) => w * reach[i % hidden]!);
  return {
    architecture: Architecture.Linear,
    variant: window,
    inputShift: 0,
    core: quantiseMatrices([view(encoder, biases, columns)], ONE_Q12),
    predictor: quantiseMatrices([view(decoder, head.biases, hidden)], ONE_Q12)[0]!,
  };
}
