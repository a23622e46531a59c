// Decides whether bytes are an artifact that this filter may map. Everything that the kernels rely
// on is checked here, once, so that they can run without checks: no artifact that passes makes a
// score read or write out of bounds, overflow or trap. Not a checksum: the configuration carries
// the SHA-256 of the bytes, and the self-test proves that this machine computes what the author's
// did.

import {
  ACCUMULATOR_COLUMNS_MAX,
  ARTIFACT_AT_ARCHITECTURE,
  ARTIFACT_AT_FEATURE_SCHEMA,
  ARTIFACT_AT_FORMAT,
  ARTIFACT_AT_HIDDEN,
  ARTIFACT_AT_INPUTS,
  ARTIFACT_AT_KIND,
  ARTIFACT_AT_MAGIC,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_RESERVED_HIGH,
  ARTIFACT_AT_RESERVED_LOW,
  ARTIFACT_AT_NAME,
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_FORMAT,
  ARTIFACT_HEADER_BYTES,
  ARTIFACT_MAGIC,
  Architecture,
  ArtifactKind,
  ArtifactStatus,
  BIAS_MAX,
  DRIFT_SHIFT_MAX,
  HIDDEN_MAX,
  HIDDEN_MIN,
  INPUTS_MAX,
  INPUTS_MIN,
  INPUT_SHIFT_MAX,
  OUTPUTS_MAX,
  QUANTILE_KNOTS_MAX,
  QUANTILE_KNOTS_MIN,
  REQUANTISE_SHIFT_MAX,
  REQUANTISE_SHIFT_MIN,
  RESIDUAL_MULTIPLIER_MAX,
  SCALE_FLOOR_MAX,
  SELF_TEST_STEPS_MAX,
  SELF_TEST_STEPS_MIN,
  SMOOTHING_SHIFT_MAX,
  SURPRISE_MAX,
  WARM_UP_STEPS_MAX,
  artifactBytes,
  selfTestRecordBytes,
} from "../contract/artifact";
import { FEATURES, FEATURE_SCHEMA } from "../contract/features";
import { ARTIFACT_BYTES_MAX } from "../contract/limits";
import { MODEL_STRUCT_BYTES, Model, mapModel } from "./model";
import { scoreQuantised } from "./scorer";
import { SCORER_STATE_BYTES, ScorerState, resetState, statePrediction } from "./scorer-state";

/** The candidate under validation, and the state its self-test runs in. */
const CANDIDATE: usize = memory.data(256, 16);
const SELF_TEST_STATE: usize = memory.data(1024, 16);

if (MODEL_STRUCT_BYTES > 256) ERROR("CANDIDATE is too small for a Model");
if (SCORER_STATE_BYTES > 1024) ERROR("SELF_TEST_STATE is too small for a scorer state");

/**
 * Whether the bytes are a scorer for this filter's features.
 * @param ptr the artifact, aligned to 16
 * @param bytes its length as delivered
 */
export function validateArtifact(ptr: usize, bytes: i32): ArtifactStatus {
  return validateArtifactFor(ptr, bytes, FEATURE_SCHEMA, FEATURES);
}

/**
 * Whether the bytes are a scorer for vectors of a given schema.
 * @param inputs required length of the vector, 0 for any
 */
export function validateArtifactFor(
  ptr: usize,
  bytes: i32,
  schema: i32,
  inputs: i32,
): ArtifactStatus {
  if (bytes < ARTIFACT_HEADER_BYTES) return ArtifactStatus.TooShort;
  if (load<u32>(ptr, ARTIFACT_AT_MAGIC) != ARTIFACT_MAGIC) return ArtifactStatus.BadMagic;
  if (load<i32>(ptr, ARTIFACT_AT_FORMAT) != ARTIFACT_FORMAT) return ArtifactStatus.BadFormat;
  if (load<i32>(ptr, ARTIFACT_AT_KIND) != ArtifactKind.Scorer) return ArtifactStatus.BadKind;
  if (load<i32>(ptr, ARTIFACT_AT_ARCHITECTURE) != Architecture.Lstm) {
    return ArtifactStatus.BadArchitecture;
  }
  if (load<i32>(ptr, ARTIFACT_AT_FEATURE_SCHEMA) != schema) return ArtifactStatus.BadFeatureSchema;
  if (!shapeHolds(ptr, inputs)) return ArtifactStatus.BadShape;
  const length = artifactBytes(
    load<i32>(ptr, ARTIFACT_AT_INPUTS),
    load<i32>(ptr, ARTIFACT_AT_HIDDEN),
    load<i32>(ptr, ARTIFACT_AT_OUTPUTS),
    load<i32>(ptr, ARTIFACT_AT_SELF_TEST_STEPS),
  );
  if (bytes != length || bytes > ARTIFACT_BYTES_MAX) return ArtifactStatus.BadLength;
  if (load<i32>(ptr, ARTIFACT_AT_TOTAL_BYTES) != length) return ArtifactStatus.BadLength;

  // The shape fits the bytes: from here on every section can be read.
  const model = changetype<Model>(CANDIDATE);
  mapModel(ptr, model);
  if (!headerHolds(ptr, model)) return ArtifactStatus.BadHeader;
  if (!calibrationHolds(model)) return ArtifactStatus.BadCalibration;
  if (!outputsHold(model)) return ArtifactStatus.BadOutputs;
  if (!quantilesHold(model)) return ArtifactStatus.BadQuantiles;
  const gateRows = 4 * model.hidden;
  if (!rowsHold(model.gateMultipliers, model.gateBiases, gateRows)) {
    return ArtifactStatus.BadWeights;
  }
  if (!rowsHold(model.outputMultipliers, model.outputBiases, model.outputRows)) {
    return ArtifactStatus.BadWeights;
  }
  if (!paddingHolds(ptr, model)) return ArtifactStatus.BadPadding;
  return selfTestHolds(model) ? ArtifactStatus.Ok : ArtifactStatus.SelfTestFailed;
}

// @ts-ignore: decorator
@inline
function within(value: i32, low: i32, high: i32): bool {
  return value >= low && value <= high;
}

function shapeHolds(ptr: usize, inputsWanted: i32): bool {
  const inputs = load<i32>(ptr, ARTIFACT_AT_INPUTS);
  const hidden = load<i32>(ptr, ARTIFACT_AT_HIDDEN);
  const outputs = load<i32>(ptr, ARTIFACT_AT_OUTPUTS);
  if (!within(inputs, INPUTS_MIN, INPUTS_MAX) || (inputs & 7) != 0) return false;
  if (inputsWanted != 0 && inputs != inputsWanted) return false;
  if (!within(hidden, HIDDEN_MIN, HIDDEN_MAX) || (hidden & 7) != 0) return false;
  if (!within(outputs, 1, min(OUTPUTS_MAX, inputs))) return false;
  const steps = load<i32>(ptr, ARTIFACT_AT_SELF_TEST_STEPS);
  return within(steps, SELF_TEST_STEPS_MIN, SELF_TEST_STEPS_MAX);
}

function headerHolds(ptr: usize, model: Model): bool {
  if (!within(model.inputShift, 0, INPUT_SHIFT_MAX)) return false;
  if ((model.inputs << model.inputShift) + model.hidden > ACCUMULATOR_COLUMNS_MAX) return false;
  if (!within(model.warmUpSteps, 0, WARM_UP_STEPS_MAX)) return false;
  if (!within(model.smoothingShift, 0, SMOOTHING_SHIFT_MAX)) return false;
  if (!within(model.driftShift, 0, DRIFT_SHIFT_MAX)) return false;
  if (!within(model.thresholdPermille, 1, 1000)) return false;
  if (!within(model.knots, QUANTILE_KNOTS_MIN, QUANTILE_KNOTS_MAX)) return false;
  if (!within(model.gateShift, REQUANTISE_SHIFT_MIN, REQUANTISE_SHIFT_MAX)) return false;
  if (!within(model.outputShift, REQUANTISE_SHIFT_MIN, REQUANTISE_SHIFT_MAX)) return false;
  return nameHolds(ptr);
}

/** Printable ASCII, then only zeros. */
function nameHolds(ptr: usize): bool {
  let ended = false;
  for (let at = ARTIFACT_AT_NAME; at < ARTIFACT_AT_RESERVED_HIGH; at++) {
    const byte = <i32>load<u8>(ptr + at);
    if (byte == 0) ended = true;
    else if (ended || byte < 0x21 || byte > 0x7e) return false;
  }
  return true;
}

/** Offsets finite; scales finite, positive and not denormal, seen as bits. */
function calibrationHolds(model: Model): bool {
  for (let at: usize = 0; at < (<usize>model.inputs) << 2; at += 4) {
    const offset = load<u32>(model.featureOffsets + at);
    if ((offset & 0x7f800000) == 0x7f800000) return false;
    const scale = load<u32>(model.featureScales + at);
    if (scale < 0x00800000 || scale >= 0x7f800000) return false;
  }
  return true;
}

function outputsHold(model: Model): bool {
  for (let output = 0; output < model.outputRows; output++) {
    const at = (<usize>output) << 2;
    const feature = load<i32>(model.outputFeatures + at);
    const carry = load<i32>(model.outputCarries + at);
    const multiplier = load<i32>(model.residualMultipliers + at);
    const drift = load<i32>(model.driftMultipliers + at);
    const floor = load<i32>(model.scaleFloors + at);
    if (output >= model.outputs) {
      if ((feature | carry | multiplier | drift | floor) != 0) return false;
      continue;
    }
    if (!within(feature, 0, model.inputs - 1)) return false;
    if (!within(carry, 0, 1)) return false;
    if (!within(multiplier, 1, RESIDUAL_MULTIPLIER_MAX)) return false;
    if (!within(drift, 1, RESIDUAL_MULTIPLIER_MAX)) return false;
    if (!within(floor, 1, SCALE_FLOOR_MAX)) return false;
  }
  return true;
}

/** Surprise rises strictly, permille does not fall; unused knots are zero. */
function quantilesHold(model: Model): bool {
  let surprise: i32 = -1;
  let permille: i32 = 0;
  for (let knot = 0; knot < QUANTILE_KNOTS_MAX; knot++) {
    const at = model.quantiles + ((<usize>knot) << 3);
    const nextSurprise = load<i32>(at);
    const nextPermille = load<i32>(at, 4);
    if (knot >= model.knots) {
      if ((nextSurprise | nextPermille) != 0) return false;
      continue;
    }
    if (!within(nextSurprise, surprise + 1, SURPRISE_MAX)) return false;
    if (!within(nextPermille, permille, 1000)) return false;
    surprise = nextSurprise;
    permille = nextPermille;
  }
  return true;
}

function rowsHold(multipliers: usize, biases: usize, rows: i32): bool {
  for (let row = 0; row < rows; row++) {
    if (load<i32>(multipliers + ((<usize>row) << 2)) < 0) return false;
    if (!within(load<i32>(biases + ((<usize>row) << 2)), -BIAS_MAX, BIAS_MAX)) return false;
  }
  return true;
}

/** Bytes without a meaning are zero, so that a later format can give them one. */
function paddingHolds(ptr: usize, model: Model): bool {
  if (!zeros(ptr + ARTIFACT_AT_RESERVED_LOW, ptr + ARTIFACT_AT_NAME)) return false;
  if (!zeros(ptr + ARTIFACT_AT_RESERVED_HIGH, ptr + ARTIFACT_HEADER_BYTES)) return false;
  for (let row = model.outputs; row < model.outputRows; row++) {
    const at = (<usize>row) << 2;
    if (load<i32>(model.outputMultipliers + at) != 0) return false;
    if (load<i32>(model.outputBiases + at) != 0) return false;
  }
  const recordBytes = selfTestRecordBytes(model.inputs, model.outputs);
  for (let step = 0; step < model.selfTestSteps; step++) {
    if (load<u64>(model.selfTest + <usize>((step + 1) * recordBytes - 8)) != 0) return false;
  }
  return true;
}

function zeros(from: usize, to: usize): bool {
  for (let at = from; at < to; at++) {
    if (load<u8>(at) != 0) return false;
  }
  return true;
}

/** Runs the artifact's own vectors from a fresh state; every number must be equal. */
function selfTestHolds(model: Model): bool {
  const state = changetype<ScorerState>(SELF_TEST_STATE);
  resetState(model, state);
  const inputBytes = (<usize>model.inputs) << 1;
  const predictionBytes = (<usize>model.outputRows) << 1;
  let record = model.selfTest;
  for (let step = 0; step < model.selfTestSteps; step++) {
    scoreQuantised(model, SELF_TEST_STATE, record);
    const expected = record + inputBytes;
    if (memory.compare(statePrediction(state), expected, predictionBytes) != 0) return false;
    if (state.surprise != load<i32>(expected + predictionBytes)) return false;
    if (state.permille != load<i32>(expected + predictionBytes, 4)) return false;
    record = expected + predictionBytes + 16;
  }
  return true;
}
