// The model file: where each byte stands. Written by the host tool's quantiser, mapped (never
// parsed) by the filter. Not a container with a table of sections: the place of every section
// follows from the shape, so there is no offset in the file that could point out of it.
//
//      0  header, 256 bytes
//         0 magic "GNGL"      4 format version    8 kind             12 architecture
//        16 total bytes      20 model version    24 feature schema  28 inputs D
//        32 hidden H         36 outputs O        40 input shift     44 warm-up steps
//        48 smoothing shift  52 threshold        56 quantile knots  60 self-test steps S
//        64 gate shift       68 output shift     72 training seed   76 training steps
//        80 drift shift      84 zero             96 name, 32 bytes   128 zero up to 255
//    256  calibration        f32 offset[D], f32 scale[D]: input = (raw - offset) * scale, Q12
//         outputs            i32 feature[R], i32 carry[R],
//                            i32 residual multiplier[R], i32 drift multiplier[R],
//                            i32 scale floor[R]
//         quantiles          { i32 surprise, i32 permille }[16], ascending, the first `knots` used
//         gates              i8 weights[4H * (D + H)], i32 multiplier[4H], i32 bias[4H]
//         predictor          i8 weights[R * H], i32 multiplier[R], i32 bias[R]
//         self-test          { i16 input[D], i16 prediction[R], i32 surprise, i32 permille,
//                              8 zero bytes }[S]
//
// All numbers are little-endian; every section begins at a multiple of 16. R is O rounded up to 16:
// the rows that a kernel computes at once; the padding rows are zero. D and H are multiples of 8.
//
// Formats: input and prediction Q12 (int16, +-8), hidden state Q15, cell Q12, gate before
// activation Q12. Gate rows stand in the order input, forget, candidate, output, H of each. Weights
// are interleaved so that a SIMD kernel needs no horizontal sum: blocks of 16 rows; within a block
// pairs of columns; within a pair the rows' two weights beside each other:
//   byte of (row, column) = row / 16 * 16 * columns + column / 2 * 32 + row % 16 * 2 + column % 2
// Columns are the D inputs, then the H hidden values. A row's result is
//   requantise(((sum over inputs) << input shift) + (sum over hidden) + bias)
//   requantise(a) = saturate16(floor((a * multiplier + 2^(shift - 1)) / 2^shift))
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** First four bytes, "GNGL" read as a little-endian 32-bit number. */
export const ARTIFACT_MAGIC: u32 = 0x4c474e47;
/** The only layout this filter maps. */
export const ARTIFACT_FORMAT: i32 = 1;

/** What the artifact is for. */
export enum ArtifactKind {
  /** Anomaly scorer of a route's feature stream. */
  Scorer = 1,
}
/** How a scorer computes; each has a layout of its own after the header. */
export enum Architecture {
  /** One LSTM layer that predicts the next feature vector. */
  Lstm = 1,
}

export const ARTIFACT_HEADER_BYTES: i32 = 256;
export const ARTIFACT_AT_MAGIC: i32 = 0;
export const ARTIFACT_AT_FORMAT: i32 = 4;
export const ARTIFACT_AT_KIND: i32 = 8;
export const ARTIFACT_AT_ARCHITECTURE: i32 = 12;
export const ARTIFACT_AT_TOTAL_BYTES: i32 = 16;
export const ARTIFACT_AT_MODEL_VERSION: i32 = 20;
export const ARTIFACT_AT_FEATURE_SCHEMA: i32 = 24;
export const ARTIFACT_AT_INPUTS: i32 = 28;
export const ARTIFACT_AT_HIDDEN: i32 = 32;
export const ARTIFACT_AT_OUTPUTS: i32 = 36;
/** Bits that the inputs' sum is shifted left to meet the hidden state's: 15 - 12. */
export const ARTIFACT_AT_INPUT_SHIFT: i32 = 40;
/** Steps of a state that score 0 before the first real score. */
export const ARTIFACT_AT_WARM_UP_STEPS: i32 = 44;
/** The residuals' size is averaged with weight 2^-shift of the newest step. */
export const ARTIFACT_AT_SMOOTHING_SHIFT: i32 = 48;
/** Score at and above which a request is anomalous. */
export const ARTIFACT_AT_THRESHOLD_PERMILLE: i32 = 52;
export const ARTIFACT_AT_QUANTILE_KNOTS: i32 = 56;
export const ARTIFACT_AT_SELF_TEST_STEPS: i32 = 60;
export const ARTIFACT_AT_GATE_SHIFT: i32 = 64;
export const ARTIFACT_AT_OUTPUT_SHIFT: i32 = 68;
export const ARTIFACT_AT_TRAINING_SEED: i32 = 72;
export const ARTIFACT_AT_TRAINING_STEPS: i32 = 76;
/** An output's drift is the mean of its residuals with weight 2^-shift of the newest. */
export const ARTIFACT_AT_DRIFT_SHIFT: i32 = 80;
/** Zero up to the name. */
export const ARTIFACT_AT_RESERVED_LOW: i32 = 84;
export const ARTIFACT_AT_NAME: i32 = 96;
/** Zero up to the end of the header. */
export const ARTIFACT_AT_RESERVED_HIGH: i32 = 128;
export const ARTIFACT_NAME_BYTES: i32 = 32;

/** Bounds of the shape; D and H are multiples of 8. */
export const INPUTS_MIN: i32 = 8;
export const INPUTS_MAX: i32 = 64;
export const HIDDEN_MIN: i32 = 8;
export const HIDDEN_MAX: i32 = 64;
export const OUTPUTS_MAX: i32 = 64;
/** Rows that a kernel computes at once; outputs are padded to it. */
export const ROW_BLOCK: i32 = 16;
export const INPUT_SHIFT_MAX: i32 = 3;
export const WARM_UP_STEPS_MAX: i32 = 65535;
export const SMOOTHING_SHIFT_MAX: i32 = 8;
export const DRIFT_SHIFT_MAX: i32 = 8;
/** Room for knots of the quantile table, of which the header says how many are used. */
export const QUANTILE_KNOTS_MAX: i32 = 16;
export const QUANTILE_KNOTS_MIN: i32 = 2;
export const SELF_TEST_STEPS_MIN: i32 = 4;
export const SELF_TEST_STEPS_MAX: i32 = 64;
/** Right shift of requantise; 31 bits belong to the multiplier. */
export const REQUANTISE_SHIFT_MIN: i32 = 31;
export const REQUANTISE_SHIFT_MAX: i32 = 60;
/**
 * Largest absolute bias. With it no accumulator overflows: |sum| <= 128 * 32768 * ((D << shift) +
 * H) + 2^28 must stay below 2^31, so (D << shift) + H <= ACCUMULATOR_COLUMNS_MAX.
 */
export const BIAS_MAX: i32 = 268435456;
export const ACCUMULATOR_COLUMNS_MAX: i32 = 447;
/** Multipliers: a ratio in Q8 * multiplier >> 12 is the normalised residual or drift, Q8. */
export const RESIDUAL_MULTIPLIER_MAX: i32 = 32767;
/** Scale floors, Q12: a route's own scale counts at least this much. */
export const SCALE_FLOOR_MAX: i32 = 32767;
/** A route's scale is the mean size of its drift, weight 2^-9 of the newest once it is that old. */
export const SCALE_SHIFT: i32 = 9;
/** A drift counts at most this many scales in that mean: a fault must not become usual. */
export const SCALE_CLIP: i32 = 4;
/** Largest ratio of residual or drift to scale that is told apart, Q8. */
export const RATIO_MAX_Q8: i32 = 65535;
/** A normalised residual counts at most this much (4.0 in Q8): one odd request is no incident. */
export const RESIDUAL_CAP_Q8: i32 = 1024;
/** A normalised drift counts at most this much (16.0 in Q8): no output drowns all others. */
export const DRIFT_CAP_Q8: i32 = 4096;
/** Largest surprise: OUTPUTS_MAX outputs at both caps, squared, >> 4. */
export const SURPRISE_MAX: i32 = 71303168;

/** Result of looking at an artifact; everything but Ok keeps the model that is in force. */
export enum ArtifactStatus {
  Ok = 0,
  TooShort = 1,
  BadMagic = 2,
  BadFormat = 3,
  BadKind = 4,
  BadArchitecture = 5,
  BadFeatureSchema = 6,
  BadShape = 7,
  BadLength = 8,
  BadHeader = 9,
  BadCalibration = 10,
  BadOutputs = 11,
  BadQuantiles = 12,
  BadWeights = 13,
  BadPadding = 14,
  SelfTestFailed = 15,
}
export const ARTIFACT_STATUSES: i32 = 16;

/** The status's name in logs and tools. */
export function artifactStatusName(status: i32): string {
  switch (status) {
    case 0:
      return "ok";
    case 1:
      return "too_short";
    case 2:
      return "bad_magic";
    case 3:
      return "bad_format";
    case 4:
      return "bad_kind";
    case 5:
      return "bad_architecture";
    case 6:
      return "bad_feature_schema";
    case 7:
      return "bad_shape";
    case 8:
      return "bad_length";
    case 9:
      return "bad_header";
    case 10:
      return "bad_calibration";
    case 11:
      return "bad_outputs";
    case 12:
      return "bad_quantiles";
    case 13:
      return "bad_weights";
    case 14:
      return "bad_padding";
    default:
      return "self_test_failed";
  }
}

/** Outputs rounded up to whole row blocks (R). */
export function paddedOutputs(outputs: i32): i32 {
  return (outputs + 15) & ~15;
}

/** @returns byte offset of the outputs section, which the calibration precedes */
export function outputsOffset(inputs: i32): i32 {
  return ARTIFACT_HEADER_BYTES + 8 * inputs;
}

/** @returns byte offset of the quantile table */
export function quantilesOffset(inputs: i32, outputs: i32): i32 {
  return outputsOffset(inputs) + 20 * paddedOutputs(outputs);
}

/** @returns byte offset of the gates' weights */
export function gatesOffset(inputs: i32, outputs: i32): i32 {
  return quantilesOffset(inputs, outputs) + 8 * QUANTILE_KNOTS_MAX;
}

/** @returns byte offset of the predictor's weights */
export function predictorOffset(inputs: i32, hidden: i32, outputs: i32): i32 {
  return gatesOffset(inputs, outputs) + 4 * hidden * (inputs + hidden) + 32 * hidden;
}

/** @returns byte offset of the self-test records */
export function selfTestOffset(inputs: i32, hidden: i32, outputs: i32): i32 {
  const rows = paddedOutputs(outputs);
  return predictorOffset(inputs, hidden, outputs) + rows * hidden + 8 * rows;
}

/** @returns bytes of one self-test record */
export function selfTestRecordBytes(inputs: i32, outputs: i32): i32 {
  return 2 * inputs + 2 * paddedOutputs(outputs) + 16;
}

/** @returns bytes of the whole artifact */
export function artifactBytes(inputs: i32, hidden: i32, outputs: i32, selfTestSteps: i32): i32 {
  return (
    selfTestOffset(inputs, hidden, outputs) + selfTestSteps * selfTestRecordBytes(inputs, outputs)
  );
}

/** @returns byte offset of a weight within its matrix of that many columns, as drawn above */
export function weightOffset(row: i32, column: i32, columns: i32): i32 {
  return (row >> 4) * 16 * columns + (column >> 1) * 32 + (row & 15) * 2 + (column & 1);
}
