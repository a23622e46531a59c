// The numbers of a scorer artifact whose shape holds and whose sections are all there: each within
// the bounds that the kernels rely on (contract/artifact.ts).

import {
  ACCUMULATOR_COLUMNS_MAX,
  ARTIFACT_AT_CORE_SHIFT,
  ARTIFACT_AT_NAME,
  ARTIFACT_AT_OUTPUT_SHIFT,
  ARTIFACT_AT_RESERVED_HIGH,
  ARTIFACT_HEADER_BYTES,
  Architecture,
  ArtifactStatus,
  BIAS_MAX,
  DRIFT_SHIFT_MAX,
  INPUT_SHIFT_MAX,
  LEVEL_MAX_Q15,
  LEVEL_MIN_Q15,
  OUTPUT_KINDS,
  OutputKind,
  QUANTILE_KNOTS_MAX,
  QUANTILE_KNOTS_MIN,
  REQUANTISE_SHIFT_MAX,
  REQUANTISE_SHIFT_MIN,
  RESIDUAL_CAP_MAX_Q8,
  RESIDUAL_CAP_MIN_Q8,
  RESIDUAL_MULTIPLIER_MAX,
  SCALE_FLOOR_MAX,
  SCALE_SHIFT_MAX,
  SMOOTHING_SHIFT_MAX,
  SURPRISE_MAX,
  WARM_UP_STEPS_MAX,
} from "../contract/artifact";
import {
  coreMatrices,
  coreMatrixRows,
  coreOffset,
  selfTestRecordBytes,
} from "../contract/artifact-layout";
import { EVIDENCE_MAX } from "../contract/evidence";
import { MatrixView, Model, coreMatrix, predictorMatrix } from "./model";
import { validateTransformer } from "./transformer-validate";

/** Ok, or which section has a number out of bounds. */
export function numbersStatus(ptr: usize, model: Model): ArtifactStatus {
  if (!headerHolds(ptr, model)) return ArtifactStatus.BadHeader;
  if (!calibrationHolds(model)) return ArtifactStatus.BadCalibration;
  for (let output = 0; output < model.outputRows; output++) {
    if (!outputHolds(model, (<usize>output) << 2, output < model.outputs)) {
      return ArtifactStatus.BadOutputs;
    }
  }
  if (!quantilesHold(model)) return ArtifactStatus.BadQuantiles;
  if (!coreHolds(ptr, model) || !rowsHold(predictorMatrix(model))) {
    return ArtifactStatus.BadWeights;
  }
  return paddingHolds(ptr, model) ? ArtifactStatus.Ok : ArtifactStatus.BadPadding;
}

// @ts-ignore: decorator
@inline
export function within(value: i32, low: i32, high: i32): bool {
  return value >= low && value <= high;
}

function headerHolds(ptr: usize, model: Model): bool {
  if (!columnsHold(model)) return false;
  if (!within(model.warmUpSteps, 0, WARM_UP_STEPS_MAX)) return false;
  if (!within(model.smoothingShift, 0, SMOOTHING_SHIFT_MAX)) return false;
  if (!within(model.driftShift, 0, DRIFT_SHIFT_MAX)) return false;
  if (!within(model.scaleShift, 0, SCALE_SHIFT_MAX)) return false;
  if (!within(model.residualCapQ8, RESIDUAL_CAP_MIN_Q8, RESIDUAL_CAP_MAX_Q8)) return false;
  if (!within(model.thresholdEvidence, 1, EVIDENCE_MAX)) return false;
  if (!within(model.knots, QUANTILE_KNOTS_MIN, QUANTILE_KNOTS_MAX)) return false;
  const coreShift = load<i32>(ptr, ARTIFACT_AT_CORE_SHIFT);
  if (model.architecture == Architecture.Transformer) {
    if (coreShift != 0) return false;
  } else if (!within(coreShift, REQUANTISE_SHIFT_MIN, REQUANTISE_SHIFT_MAX)) return false;
  const outputShift = load<i32>(ptr, ARTIFACT_AT_OUTPUT_SHIFT);
  if (!within(outputShift, REQUANTISE_SHIFT_MIN, REQUANTISE_SHIFT_MAX)) return false;
  return nameHolds(ptr);
}

/** No accumulator overflows. */
function columnsHold(model: Model): bool {
  if (model.architecture == Architecture.Linear) {
    return model.inputShift == 0 && model.variant * model.inputs <= ACCUMULATOR_COLUMNS_MAX;
  }
  if (!within(model.inputShift, 0, INPUT_SHIFT_MAX)) return false;
  return (model.inputs << model.inputShift) + model.hidden <= ACCUMULATOR_COLUMNS_MAX;
}

/** Printable ASCII, then only zeros. */
export function nameHolds(ptr: usize): bool {
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

/**
 * @param at four times the output's index
 * @param used false for a row of padding, which is all zero
 */
function outputHolds(model: Model, at: usize, used: bool): bool {
  const most = used ? i32.MAX_VALUE : 0;
  const least = used ? 1 : 0;
  const kind = load<i32>(model.outputKinds + at);
  if (!within(load<i32>(model.outputFeatures + at), 0, min(model.inputs - 1, most))) return false;
  if (!within(kind, 0, min(OUTPUT_KINDS - 1, most))) return false;
  if (!parametersHold(model, at, kind)) return false;
  const multiplierMax = min<i32>(RESIDUAL_MULTIPLIER_MAX, most);
  if (!within(load<i32>(model.residualMultipliers + at), least, multiplierMax)) return false;
  if (!within(load<i32>(model.driftMultipliers + at), least, multiplierMax)) return false;
  const floor = load<i32>(model.scaleFloors + at);
  if (!within(floor, least, min<i32>(SCALE_FLOOR_MAX, most))) return false;
  return used || load<i32>(model.outputCarries + at) == 0;
}

/** What belongs to the kind is in bounds, what does not is zero. */
function parametersHold(model: Model, at: usize, kind: i32): bool {
  const level = load<i32>(model.outputLevels + at);
  const zero = load<i32>(model.outputZeros + at);
  const one = load<i32>(model.outputOnes + at);
  const mayCarry = kind != OutputKind.Logit && model.architecture != Architecture.Linear;
  if (!within(load<i32>(model.outputCarries + at), 0, mayCarry ? 1 : 0)) return false;
  if (kind == OutputKind.Quantile) {
    return within(level, LEVEL_MIN_Q15, LEVEL_MAX_Q15) && (zero | one) == 0;
  }
  if (kind == OutputKind.Logit) {
    return level == 0 && within(zero, -32768, 32766) && within(one, zero + 1, 32767);
  }
  return (level | zero | one) == 0;
}

/** Surprise rises strictly, evidence does not fall; unused knots are zero. */
function quantilesHold(model: Model): bool {
  let surprise: i32 = -1;
  let evidence: i32 = 0;
  for (let knot = 0; knot < QUANTILE_KNOTS_MAX; knot++) {
    const at = model.quantiles + ((<usize>knot) << 3);
    const nextSurprise = load<i32>(at);
    const nextEvidence = load<i32>(at, 4);
    if (knot >= model.knots) {
      if ((nextSurprise | nextEvidence) != 0) return false;
      continue;
    }
    if (!within(nextSurprise, surprise + 1, SURPRISE_MAX)) return false;
    if (!within(nextEvidence, evidence, EVIDENCE_MAX)) return false;
    surprise = nextSurprise;
    evidence = nextEvidence;
  }
  return true;
}

function coreHolds(ptr: usize, model: Model): bool {
  if (model.architecture == Architecture.Transformer) {
    const section = ptr + <usize>coreOffset(model.inputs, model.outputs);
    return validateTransformer(section, model.inputs, model.hidden);
  }
  for (let i = 0; i < coreMatrices(model.architecture); i++) {
    if (!rowsHold(coreMatrix(model, i))) return false;
  }
  return true;
}

function rowsHold(matrix: MatrixView): bool {
  for (let row = 0; row < matrix.rows; row++) {
    const at = (<usize>row) << 2;
    if (load<i32>(matrix.multipliers + at) < 0) return false;
    if (!within(load<i32>(matrix.biases + at), -BIAS_MAX, BIAS_MAX)) return false;
  }
  return true;
}

/** Bytes without a meaning are zero, so that a later format can give them one. */
function paddingHolds(ptr: usize, model: Model): bool {
  if (!zeros(ptr + ARTIFACT_AT_RESERVED_HIGH, ptr + ARTIFACT_HEADER_BYTES)) return false;
  for (let i = 0; i < coreMatrices(model.architecture); i++) {
    const rows = coreMatrixRows(model.architecture, i, model.hidden);
    if (!paddingRowsHold(coreMatrix(model, i), rows)) return false;
  }
  if (!paddingRowsHold(predictorMatrix(model), model.outputs)) return false;
  const recordBytes = selfTestRecordBytes(model.inputs, model.outputs);
  for (let step = 0; step < model.selfTestSteps; step++) {
    if (load<u64>(model.selfTest + <usize>((step + 1) * recordBytes - 8)) != 0) return false;
  }
  return true;
}

/** @param rows rows that are none of padding */
function paddingRowsHold(matrix: MatrixView, rows: i32): bool {
  for (let row = rows; row < matrix.rows; row++) {
    const at = (<usize>row) << 2;
    if (load<i32>(matrix.multipliers + at) != 0) return false;
    if (load<i32>(matrix.biases + at) != 0) return false;
  }
  return true;
}

/** Whether the bytes from one address up to another are zero. */
export function zeros(from: usize, to: usize): bool {
  for (let at = from; at < to; at++) {
    if (load<u8>(at) != 0) return false;
  }
  return true;
}
