// Pointers into an artifact, so that a score reaches its numbers by one load each. Not a parsed
// copy: the artifact's bytes are the model and must stay where they are while it is in use.

import {
  ARTIFACT_AT_ARCHITECTURE,
  ARTIFACT_AT_DRIFT_SHIFT,
  ARTIFACT_AT_GATE_SHIFT,
  ARTIFACT_AT_HIDDEN,
  ARTIFACT_AT_INPUTS,
  ARTIFACT_AT_INPUT_SHIFT,
  ARTIFACT_AT_MODEL_VERSION,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_OUTPUT_SHIFT,
  ARTIFACT_AT_QUANTILE_KNOTS,
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_SMOOTHING_SHIFT,
  ARTIFACT_AT_THRESHOLD_PERMILLE,
  ARTIFACT_AT_WARM_UP_STEPS,
  ARTIFACT_HEADER_BYTES,
  gatesOffset,
  outputsOffset,
  paddedOutputs,
  predictorOffset,
  quantilesOffset,
  selfTestOffset,
} from "../contract/artifact";

// @ts-ignore: decorator
@unmanaged
@final
export class Model {
  version: u32;
  /** Equal for models that can continue each other's state. */
  shapeStamp: u32;
  inputs: i32;
  hidden: i32;
  outputs: i32;
  /** Outputs rounded up to whole row blocks. */
  outputRows: i32;
  inputShift: i32;
  gateShift: i32;
  outputShift: i32;
  warmUpSteps: i32;
  smoothingShift: i32;
  driftShift: i32;
  thresholdPermille: i32;
  knots: i32;
  selfTestSteps: i32;
  /** f32[inputs] each. */
  featureOffsets: usize;
  featureScales: usize;
  /** i32[outputRows] each. */
  outputFeatures: usize;
  outputCarries: usize;
  residualMultipliers: usize;
  driftMultipliers: usize;
  scaleFloors: usize;
  /** { i32 surprise, i32 permille }[knots]. */
  quantiles: usize;
  gateWeights: usize;
  gateMultipliers: usize;
  gateBiases: usize;
  outputWeights: usize;
  outputMultipliers: usize;
  outputBiases: usize;
  selfTest: usize;
}

/** Bytes of a Model. */
export const MODEL_STRUCT_BYTES: usize = offsetof<Model>();

/**
 * Points a Model at an artifact.
 * @param ptr artifact that validateArtifact accepted (or whose shape it has checked), aligned to 16
 */
export function mapModel(ptr: usize, model: Model): void {
  const inputs = load<i32>(ptr, ARTIFACT_AT_INPUTS);
  const hidden = load<i32>(ptr, ARTIFACT_AT_HIDDEN);
  const outputs = load<i32>(ptr, ARTIFACT_AT_OUTPUTS);
  const rows = paddedOutputs(outputs);
  model.version = load<u32>(ptr, ARTIFACT_AT_MODEL_VERSION);
  model.inputs = inputs;
  model.hidden = hidden;
  model.outputs = outputs;
  model.outputRows = rows;
  model.shapeStamp =
    (load<u32>(ptr, ARTIFACT_AT_ARCHITECTURE) << 24) | (inputs << 16) | (hidden << 8) | outputs;
  model.inputShift = load<i32>(ptr, ARTIFACT_AT_INPUT_SHIFT);
  model.gateShift = load<i32>(ptr, ARTIFACT_AT_GATE_SHIFT);
  model.outputShift = load<i32>(ptr, ARTIFACT_AT_OUTPUT_SHIFT);
  model.warmUpSteps = load<i32>(ptr, ARTIFACT_AT_WARM_UP_STEPS);
  model.smoothingShift = load<i32>(ptr, ARTIFACT_AT_SMOOTHING_SHIFT);
  model.driftShift = load<i32>(ptr, ARTIFACT_AT_DRIFT_SHIFT);
  model.thresholdPermille = load<i32>(ptr, ARTIFACT_AT_THRESHOLD_PERMILLE);
  model.knots = load<i32>(ptr, ARTIFACT_AT_QUANTILE_KNOTS);
  model.selfTestSteps = load<i32>(ptr, ARTIFACT_AT_SELF_TEST_STEPS);
  model.featureOffsets = ptr + ARTIFACT_HEADER_BYTES;
  model.featureScales = model.featureOffsets + ((<usize>inputs) << 2);
  const rowBytes = (<usize>rows) << 2;
  model.outputFeatures = ptr + outputsOffset(inputs);
  model.outputCarries = model.outputFeatures + rowBytes;
  model.residualMultipliers = model.outputCarries + rowBytes;
  model.driftMultipliers = model.residualMultipliers + rowBytes;
  model.scaleFloors = model.driftMultipliers + rowBytes;
  model.quantiles = ptr + quantilesOffset(inputs, outputs);
  model.gateWeights = ptr + gatesOffset(inputs, outputs);
  model.gateMultipliers = model.gateWeights + <usize>(4 * hidden * (inputs + hidden));
  model.gateBiases = model.gateMultipliers + ((<usize>hidden) << 4);
  model.outputWeights = ptr + predictorOffset(inputs, hidden, outputs);
  model.outputMultipliers = model.outputWeights + <usize>(rows * hidden);
  model.outputBiases = model.outputMultipliers + rowBytes;
  model.selfTest = ptr + selfTestOffset(inputs, hidden, outputs);
}

/** The version that the artifact's author gave it. */
export function modelVersion(model: Model): u32 {
  return model.version;
}

/** Score at and above which a request is anomalous by the artifact's own calibration. */
export function modelThresholdPermille(model: Model): i32 {
  return model.thresholdPermille;
}
