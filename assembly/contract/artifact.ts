// The model file: its header, and what its numbers may be. Written by the host tool's quantiser,
// mapped (never parsed) by the filter. Not a container with a table of sections: the place of every
// section follows from the shape (artifact-layout.ts), so there is no offset in the file that could
// point out of it.
//
//      0  header, 256 bytes
//         0 magic "GNGL"      4 format version    8 kind             12 architecture
//        16 total bytes      20 model version    24 feature schema  28 inputs D
//        32 hidden H         36 outputs O        40 input shift     44 warm-up steps
//        48 smoothing shift  52 threshold, Q8    56 quantile knots  60 self-test steps S
//        64 core shift       68 output shift     72 training seed   76 training steps
//        80 drift shift      84 scale shift      88 residual cap    92 variant
//        96 name, 32 bytes  128 zero up to 255
//    256  calibration        f32 offset[D], f32 scale[D]: input = (raw - offset) * scale, Q12
//         outputs            i32 feature[R], i32 kind[R], i32 carry[R],
//                            i32 level[R], i32 zero[R], i32 one[R],
//                            i32 residual multiplier[R], i32 drift multiplier[R],
//                            i32 scale floor[R]
//         quantiles          { i32 surprise, i32 evidence }[16], ascending, the first `knots` used
//         core               the architecture's matrices, or the Transformer's section
//         predictor          one matrix of O rows; columns: D inputs (not of Linear), H hidden
//         self-test          { i16 input[D], i16 prediction[R], i32 surprise, i32 evidence,
//                              8 zero bytes }[S]
//
// A matrix of n rows and m columns is i8 weights[N * m], i32 multiplier[N], i32 bias[N]; N is n
// rounded up to 16, the rows that a kernel computes at once, and the padding rows are zero. The
// matrices of a core, in this order:
//
//   Lstm     gates 4H x (D + H), rows input, forget, candidate, output, H of each
//   Gru      gates 2H x (D + H), rows reset, update; candidate H x D; recurrent candidate H x H
//   Linear   encoder H x (W * D), the newest vector's columns first; W is the variant
//   Transformer    a section of its own, transformer-sections.ts; the variant is
//                  heads + 2^8 ring + 2^16 feed-forward
//
// All numbers are little-endian; every section begins at a multiple of 16. R is O rounded up to 16.
// D and H are multiples of 8.
//
// Formats: input and prediction Q12 (int16, +-8), hidden state Q15 (a linear model's latents Q12),
// cell Q12, gate before activation Q12. Weights are interleaved so that a SIMD kernel needs no
// horizontal sum: blocks of 16 rows; within a block pairs of columns; within a pair the rows' two
// weights beside each other:
//   byte of (row, column) = row / 16 * 16 * columns + column / 2 * 32 + row % 16 * 2 + column % 2
// Columns are the D inputs, then the H hidden values. A row's result is
//   requantise(((sum over inputs) << input shift) + (sum over hidden) + bias)
//   requantise(a) = saturate16(floor((a * multiplier + 2^(shift - 1)) / 2^shift))
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** First four bytes, "GNGL" read as a little-endian 32-bit number. */
export const ARTIFACT_MAGIC: u32 = 0x4c474e47;
/** The only layout this filter maps. */
export const ARTIFACT_FORMAT: i32 = 2;

/** What the artifact is for. */
export enum ArtifactKind {
  /** Anomaly scorer of a route's feature stream. */
  Scorer = 1,
  /** Scorer of paths and queries; its layout is content-artifact.ts. */
  Content = 2,
  /** Up to three of the others in one piece; its layout is bundle-artifact.ts. */
  Bundle = 3,
}
/** How a scorer computes; each has a core of its own. */
export enum Architecture {
  /** One LSTM layer that predicts the next feature vector. */
  Lstm = 1,
  /** One GRU layer, reset after the matrix, that predicts the next feature vector. */
  Gru = 2,
  /** One causal attention layer over the last vectors, that predicts the next one. */
  Transformer = 3,
  /** Projection of the last vectors onto a few directions, that reconstructs the current one. */
  Linear = 4,
}
/** What an output says of its feature, and so what its residual is. */
export enum OutputKind {
  /** The value: residual = actual - prediction. */
  Value = 0,
  /** The quantile at `level`: the pinball loss with the sign of actual - prediction. */
  Quantile = 1,
  /** The logit of a probability: residual = actual - sigmoid(prediction), actual in [0, 1]. */
  Logit = 2,
}
export const OUTPUT_KINDS: i32 = 3;

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
/** Bits that the inputs' sum is shifted left to meet the hidden state's: at most 15 - 12. */
export const ARTIFACT_AT_INPUT_SHIFT: i32 = 40;
/** Steps of a state that score 0 before the first real score. */
export const ARTIFACT_AT_WARM_UP_STEPS: i32 = 44;
/** The residuals' size is averaged with weight 2^-shift of the newest step. */
export const ARTIFACT_AT_SMOOTHING_SHIFT: i32 = 48;
/** Evidence at and above which a request is anomalous, Q8. */
export const ARTIFACT_AT_THRESHOLD_EVIDENCE: i32 = 52;
export const ARTIFACT_AT_QUANTILE_KNOTS: i32 = 56;
export const ARTIFACT_AT_SELF_TEST_STEPS: i32 = 60;
/** Requantisation of all matrices of the core. */
export const ARTIFACT_AT_CORE_SHIFT: i32 = 64;
export const ARTIFACT_AT_OUTPUT_SHIFT: i32 = 68;
export const ARTIFACT_AT_TRAINING_SEED: i32 = 72;
export const ARTIFACT_AT_TRAINING_STEPS: i32 = 76;
/** An output's drift is the mean of its residuals with weight 2^-shift of the newest. */
export const ARTIFACT_AT_DRIFT_SHIFT: i32 = 80;
/** A route's scale is a mean with weight 2^-shift of the newest; 0: the floors are the scales. */
export const ARTIFACT_AT_SCALE_SHIFT: i32 = 84;
/** A normalised residual counts at most this much, Q8. */
export const ARTIFACT_AT_RESIDUAL_CAP: i32 = 88;
/** Window of a Linear model, heads, ring and feed-forward of a Transformer, else 0. */
export const ARTIFACT_AT_VARIANT: i32 = 92;
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
/** Vectors that a linear model looks at together. */
export const WINDOW_MAX: i32 = 8;
/** Rows that a kernel computes at once; matrices are padded to it. */
export const ROW_BLOCK: i32 = 16;
export const INPUT_SHIFT_MAX: i32 = 3;
export const WARM_UP_STEPS_MAX: i32 = 65535;
export const SMOOTHING_SHIFT_MAX: i32 = 8;
export const DRIFT_SHIFT_MAX: i32 = 8;
export const SCALE_SHIFT_MAX: i32 = 12;
/** Room for knots of the quantile table, of which the header says how many are used. */
export const QUANTILE_KNOTS_MAX: i32 = 16;
export const QUANTILE_KNOTS_MIN: i32 = 2;
export const SELF_TEST_STEPS_MIN: i32 = 4;
export const SELF_TEST_STEPS_MAX: i32 = 64;
/** Right shift of requantise; 31 bits belong to the multiplier. */
export const REQUANTISE_SHIFT_MIN: i32 = 31;
export const REQUANTISE_SHIFT_MAX: i32 = 60;
/**
 * Largest absolute bias. With it no accumulator overflows: |sum| <= 128 * 32768 * columns + 2^28
 * must stay below 2^31, so columns, the inputs' counted 2^(input shift) times, are at most
 * ACCUMULATOR_COLUMNS_MAX: (D << shift) + H of a recurrent model, W * D of a linear one.
 */
export const BIAS_MAX: i32 = 268435456;
export const ACCUMULATOR_COLUMNS_MAX: i32 = 447;
/** Multipliers: a ratio in Q8 * multiplier >> 12 is the normalised residual or drift, Q8. */
export const RESIDUAL_MULTIPLIER_MAX: i32 = 32767;
/** Scale floors, Q12: a route's own scale counts at least this much. */
export const SCALE_FLOOR_MAX: i32 = 32767;
/** A drift counts at most this many scales in the route's scale: a fault must not become usual. */
export const SCALE_CLIP: i32 = 4;
/** Largest ratio of residual or drift to scale that is told apart, Q8. */
export const RATIO_MAX_Q8: i32 = 65535;
/** The usual residual cap, 4.0, and its bounds: one odd request is no incident. */
export const RESIDUAL_CAP_Q8: i32 = 1024;
export const RESIDUAL_CAP_MIN_Q8: i32 = 256;
export const RESIDUAL_CAP_MAX_Q8: i32 = 4096;
/** A normalised drift counts at most this much (16.0 in Q8): no output drowns all others. */
export const DRIFT_CAP_Q8: i32 = 4096;
/** Largest surprise: OUTPUTS_MAX outputs at both caps, squared, >> 4. */
export const SURPRISE_MAX: i32 = 134217728;
/** Level of a quantile output, Q15. */
export const LEVEL_MIN_Q15: i32 = 1;
export const LEVEL_MAX_Q15: i32 = 32767;

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
  /** Its state does not fit the place that a route has for it. */
  StateTooLarge = 16,
  /** A member of a bundle is no scorer or content table, or there is one too many of a kind. */
  BadMember = 17,
}
export const ARTIFACT_STATUSES: i32 = 18;

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
    case 15:
      return "self_test_failed";
    case 16:
      return "state_too_large";
    default:
      return "bad_member";
  }
}
