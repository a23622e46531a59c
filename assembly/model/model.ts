// Pointers into an artifact, so that a score reaches its numbers by one load each. Not a parsed
// copy: the artifact's bytes are the model and must stay where they are while it is in use.

import {
  ARTIFACT_AT_ARCHITECTURE,
  ARTIFACT_AT_CORE_SHIFT,
  ARTIFACT_AT_DRIFT_SHIFT,
  ARTIFACT_AT_HIDDEN,
  ARTIFACT_AT_INPUTS,
  ARTIFACT_AT_INPUT_SHIFT,
  ARTIFACT_AT_MODEL_VERSION,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_OUTPUT_SHIFT,
  ARTIFACT_AT_QUANTILE_KNOTS,
  ARTIFACT_AT_RESIDUAL_CAP,
  ARTIFACT_AT_SCALE_SHIFT,
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_SMOOTHING_SHIFT,
  ARTIFACT_AT_THRESHOLD_EVIDENCE,
  ARTIFACT_AT_VARIANT,
  ARTIFACT_AT_WARM_UP_STEPS,
  ARTIFACT_HEADER_BYTES,
  Architecture,
} from "../contract/artifact";
import {
  coreMatrices,
  coreMatrixColumns,
  coreMatrixRows,
  coreOffset,
  matrixBytes,
  outputsOffset,
  paddedRows,
  predictorInputs,
  predictorOffset,
  quantilesOffset,
  selfTestOffset,
} from "../contract/artifact-layout";
import { evidencePermille } from "../contract/evidence";
import {
  stateBytes,
  stateDriftOffset,
  stateMemoryOffset,
  stateScaleOffset,
} from "../contract/scorer-state-layout";
import {
  TRANSFORMER_WEIGHTS_BYTES,
  TransformerWeights,
  mapTransformer,
} from "./transformer-weights";

/** One integer matrix in the file. */
// @ts-ignore: decorator
@unmanaged
@final
export class MatrixView {
  /** Padded to whole row blocks. */
  rows: i32;
  shift: i32;
  /** Interleaved i8[rows * columns]. */
  weights: usize;
  /** i32[rows] each. */
  multipliers: usize;
  biases: usize;
}

/** Numbers and places; the core's matrices follow it in memory, or the Transformer's weights. */
// @ts-ignore: decorator
@unmanaged
@final
export class Model {
  version: u32;
  /** With the variant equal for models that can continue each other's state. */
  shapeStamp: u32;
  architecture: i32;
  variant: i32;
  inputs: i32;
  hidden: i32;
  outputs: i32;
  /** Outputs rounded up to whole row blocks. */
  outputRows: i32;
  inputShift: i32;
  warmUpSteps: i32;
  smoothingShift: i32;
  driftShift: i32;
  /** 0: the floors are the scales. */
  scaleShift: i32;
  residualCapQ8: i32;
  thresholdEvidence: i32;
  knots: i32;
  selfTestSteps: i32;
  /** f32[inputs] each. */
  featureOffsets: usize;
  featureScales: usize;
  /** i32[outputRows] each. */
  outputFeatures: usize;
  outputKinds: usize;
  outputCarries: usize;
  outputLevels: usize;
  outputZeros: usize;
  outputOnes: usize;
  residualMultipliers: usize;
  driftMultipliers: usize;
  scaleFloors: usize;
  /** { i32 surprise, i32 evidence }[knots]. */
  quantiles: usize;
  selfTest: usize;
  /** Inputs that the predictor sees: all, or none of a linear model's. */
  predictorInputs: i32;
  /** Byte offsets in a state (scorer-state.ts). */
  driftPlace: i32;
  scalePlace: i32;
  memoryPlace: i32;
  /** Bytes of a state. */
  stateBytes: i32;
}

const VIEW_BYTES: usize = offsetof<MatrixView>();
const PREDICTOR_PLACE: usize = offsetof<Model>();
const CORE_PLACE: usize = PREDICTOR_PLACE + VIEW_BYTES;
const CORE_MATRICES_MAX: usize = 3;

/** Bytes of a Model with its matrices. */
export const MODEL_STRUCT_BYTES: usize = CORE_PLACE + TRANSFORMER_WEIGHTS_BYTES;

if (CORE_MATRICES_MAX * VIEW_BYTES > TRANSFORMER_WEIGHTS_BYTES) ERROR("the matrices do not fit");

// @ts-ignore: decorator
@inline
export function predictorMatrix(model: Model): MatrixView {
  return changetype<MatrixView>(changetype<usize>(model) + PREDICTOR_PLACE);
}

/** A matrix of the core in the file's order. */
// @ts-ignore: decorator
@inline
export function coreMatrix(model: Model, index: i32): MatrixView {
  return changetype<MatrixView>(changetype<usize>(model) + CORE_PLACE + <usize>index * VIEW_BYTES);
}

/** Meaningful of a Transformer only. */
// @ts-ignore: decorator
@inline
export function transformerWeights(model: Model): TransformerWeights {
  return changetype<TransformerWeights>(changetype<usize>(model) + CORE_PLACE);
}

/**
 * Points a Model at an artifact.
 * @param ptr artifact that validateArtifact accepted (or whose shape it has checked), aligned to 16
 * @param model MODEL_STRUCT_BYTES of memory
 */
export function mapModel(ptr: usize, model: Model): void {
  const inputs = load<i32>(ptr, ARTIFACT_AT_INPUTS);
  const hidden = load<i32>(ptr, ARTIFACT_AT_HIDDEN);
  const outputs = load<i32>(ptr, ARTIFACT_AT_OUTPUTS);
  const architecture = load<i32>(ptr, ARTIFACT_AT_ARCHITECTURE);
  const variant = load<i32>(ptr, ARTIFACT_AT_VARIANT);
  model.version = load<u32>(ptr, ARTIFACT_AT_MODEL_VERSION);
  model.architecture = architecture;
  model.variant = variant;
  model.inputs = inputs;
  model.hidden = hidden;
  model.outputs = outputs;
  model.outputRows = paddedRows(outputs);
  model.shapeStamp = ((<u32>architecture) << 24) | (inputs << 16) | (hidden << 8) | outputs;
  model.inputShift = load<i32>(ptr, ARTIFACT_AT_INPUT_SHIFT);
  model.warmUpSteps = load<i32>(ptr, ARTIFACT_AT_WARM_UP_STEPS);
  model.smoothingShift = load<i32>(ptr, ARTIFACT_AT_SMOOTHING_SHIFT);
  model.driftShift = load<i32>(ptr, ARTIFACT_AT_DRIFT_SHIFT);
  model.scaleShift = load<i32>(ptr, ARTIFACT_AT_SCALE_SHIFT);
  model.residualCapQ8 = load<i32>(ptr, ARTIFACT_AT_RESIDUAL_CAP);
  model.thresholdEvidence = load<i32>(ptr, ARTIFACT_AT_THRESHOLD_EVIDENCE);
  model.knots = load<i32>(ptr, ARTIFACT_AT_QUANTILE_KNOTS);
  model.selfTestSteps = load<i32>(ptr, ARTIFACT_AT_SELF_TEST_STEPS);
  model.featureOffsets = ptr + ARTIFACT_HEADER_BYTES;
  model.featureScales = model.featureOffsets + ((<usize>inputs) << 2);
  mapOutputs(ptr, model);
  mapCore(ptr, model);
  mapState(model);
  const predictor = predictorOffset(architecture, inputs, hidden, outputs, variant);
  model.predictorInputs = predictorInputs(architecture, inputs);
  const predictorShift = load<i32>(ptr, ARTIFACT_AT_OUTPUT_SHIFT);
  const columns = model.predictorInputs + hidden;
  mapMatrix(predictorMatrix(model), ptr + <usize>predictor, outputs, columns, predictorShift);
  model.selfTest = ptr + <usize>selfTestOffset(architecture, inputs, hidden, outputs, variant);
}

function mapOutputs(ptr: usize, model: Model): void {
  const rowBytes = (<usize>model.outputRows) << 2;
  model.outputFeatures = ptr + <usize>outputsOffset(model.inputs);
  model.outputKinds = model.outputFeatures + rowBytes;
  model.outputCarries = model.outputKinds + rowBytes;
  model.outputLevels = model.outputCarries + rowBytes;
  model.outputZeros = model.outputLevels + rowBytes;
  model.outputOnes = model.outputZeros + rowBytes;
  model.residualMultipliers = model.outputOnes + rowBytes;
  model.driftMultipliers = model.residualMultipliers + rowBytes;
  model.scaleFloors = model.driftMultipliers + rowBytes;
  model.quantiles = ptr + <usize>quantilesOffset(model.inputs, model.outputs);
}

function mapCore(ptr: usize, model: Model): void {
  const architecture = model.architecture;
  const inputs = model.inputs;
  const hidden = model.hidden;
  let at = ptr + <usize>coreOffset(inputs, model.outputs);
  if (architecture == Architecture.Transformer) {
    mapTransformer(at, inputs, hidden, transformerWeights(model));
    return;
  }
  const shift = load<i32>(ptr, ARTIFACT_AT_CORE_SHIFT);
  for (let i = 0; i < coreMatrices(architecture); i++) {
    const rows = coreMatrixRows(architecture, i, hidden);
    const columns = coreMatrixColumns(architecture, i, inputs, hidden, model.variant);
    mapMatrix(coreMatrix(model, i), at, rows, columns, shift);
    at += <usize>matrixBytes(rows, columns);
  }
}

function mapState(model: Model): void {
  const outputs = model.outputs;
  model.driftPlace = stateDriftOffset(outputs);
  model.scalePlace = stateScaleOffset(outputs);
  model.memoryPlace = stateMemoryOffset(outputs);
  model.stateBytes = stateBytes(
    model.architecture,
    model.inputs,
    model.hidden,
    outputs,
    model.variant,
  );
}

function mapMatrix(view: MatrixView, at: usize, rows: i32, columns: i32, shift: i32): void {
  view.rows = paddedRows(rows);
  view.shift = shift;
  view.weights = at;
  view.multipliers = at + <usize>(view.rows * columns);
  view.biases = view.multipliers + ((<usize>view.rows) << 2);
}

/** The version that the artifact's author gave it. */
export function modelVersion(model: Model): u32 {
  return model.version;
}

/** Evidence at and above which a request is anomalous by the artifact's own calibration, Q8. */
export function modelThresholdEvidence(model: Model): i32 {
  return model.thresholdEvidence;
}

/** The same as a score. */
export function modelThresholdPermille(model: Model): i32 {
  return evidencePermille(model.thresholdEvidence);
}
