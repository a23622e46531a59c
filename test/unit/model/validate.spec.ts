// Each rule of validation by the one field that breaks it.

import {
  ARTIFACT_AT_ARCHITECTURE,
  ARTIFACT_AT_CORE_SHIFT,
  ARTIFACT_AT_DRIFT_SHIFT,
  ARTIFACT_AT_FEATURE_SCHEMA,
  ARTIFACT_AT_FORMAT,
  ARTIFACT_AT_HIDDEN,
  ARTIFACT_AT_INPUTS,
  ARTIFACT_AT_KIND,
  ARTIFACT_AT_MAGIC,
  ARTIFACT_AT_NAME,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_QUANTILE_KNOTS,
  ARTIFACT_AT_RESIDUAL_CAP,
  ARTIFACT_AT_RESERVED_HIGH,
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_THRESHOLD_EVIDENCE,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_AT_VARIANT,
  ARTIFACT_HEADER_BYTES,
  Architecture,
  ArtifactStatus,
  BIAS_MAX,
} from "../../../assembly/contract/artifact";
import {
  coreOffset,
  outputsOffset,
  predictorOffset,
  quantilesOffset,
  selfTestOffset,
} from "../../../assembly/contract/artifact-layout";
import { FEATURE_SCHEMA } from "../../../assembly/contract/features";
import { validateArtifact, validateArtifactFor } from "../../../assembly/model/validate";
import { TINY_HIDDEN, TINY_INPUTS, tinyArtifact, tinyBytes, writeTiny } from "./tiny-artifact";

/** Status after one 32-bit number of a good artifact is replaced. */
function statusWith(offset: i32, value: i32): i32 {
  writeTiny();
  store<i32>(tinyArtifact() + offset, value);
  return validateArtifact(tinyArtifact(), tinyBytes());
}

function tinyPredictor(): i32 {
  return predictorOffset(Architecture.Lstm, TINY_INPUTS, TINY_HIDDEN, 1, 0);
}

const STATE: usize = memory.data(1024, 16);

function statusFor(bytes: i32, schema: i32, inputs: i32, stateBytesMax: i32): i32 {
  return validateArtifactFor(tinyArtifact(), bytes, schema, inputs, STATE, stateBytesMax);
}

const NAN_BITS: i32 = 0x7fc00000;
const INFINITY_BITS: i32 = 0x7f800000;

describe("validation", () => {
  it("takes a good artifact", () => {
    writeTiny();
    expect<i32>(validateArtifact(tinyArtifact(), tinyBytes())).toBe(ArtifactStatus.Ok);
  });

  it("refuses any other length", () => {
    writeTiny();
    expect<i32>(validateArtifact(tinyArtifact(), 0)).toBe(ArtifactStatus.TooShort);
    expect<i32>(validateArtifact(tinyArtifact(), -1)).toBe(ArtifactStatus.TooShort);
    expect<i32>(validateArtifact(tinyArtifact(), 255)).toBe(ArtifactStatus.TooShort);
    const bytes = tinyBytes();
    expect<i32>(validateArtifact(tinyArtifact(), bytes - 1)).toBe(ArtifactStatus.BadLength);
    expect<i32>(validateArtifact(tinyArtifact(), bytes + 1)).toBe(ArtifactStatus.BadLength);
    expect<i32>(statusWith(ARTIFACT_AT_TOTAL_BYTES, bytes + 16)).toBe(ArtifactStatus.BadLength);
  });

  it("refuses what it is not made for", () => {
    expect<i32>(statusWith(ARTIFACT_AT_MAGIC, 0)).toBe(ArtifactStatus.BadMagic);
    expect<i32>(statusWith(ARTIFACT_AT_FORMAT, 1)).toBe(ArtifactStatus.BadFormat);
    expect<i32>(statusWith(ARTIFACT_AT_KIND, 2)).toBe(ArtifactStatus.BadKind);
    expect<i32>(statusWith(ARTIFACT_AT_ARCHITECTURE, 0)).toBe(ArtifactStatus.BadArchitecture);
    expect<i32>(statusWith(ARTIFACT_AT_ARCHITECTURE, 5)).toBe(ArtifactStatus.BadArchitecture);
    expect<i32>(statusWith(ARTIFACT_AT_FEATURE_SCHEMA, 9)).toBe(ArtifactStatus.BadFeatureSchema);
  });

  it("refuses shapes that the kernels cannot run", () => {
    const bad = ArtifactStatus.BadShape;
    expect<i32>(statusWith(ARTIFACT_AT_INPUTS, 16)).toBe(bad, "other inputs than the filter's");
    expect<i32>(statusWith(ARTIFACT_AT_HIDDEN, 0)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_HIDDEN, 12)).toBe(bad, "not a multiple of 8");
    expect<i32>(statusWith(ARTIFACT_AT_HIDDEN, 72)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_HIDDEN, i32.MIN_VALUE)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_OUTPUTS, 0)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_OUTPUTS, 65)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_SELF_TEST_STEPS, 0)).toBe(bad, "a missing self-test");
    expect<i32>(statusWith(ARTIFACT_AT_VARIANT, 1)).toBe(bad, "an LSTM has no variants");
  });

  it("refuses header fields out of bounds", () => {
    const bad = ArtifactStatus.BadHeader;
    expect<i32>(statusWith(ARTIFACT_AT_DRIFT_SHIFT, 9)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_CORE_SHIFT, 30)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_CORE_SHIFT, 61)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_THRESHOLD_EVIDENCE, 0)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_THRESHOLD_EVIDENCE, 2561)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_RESIDUAL_CAP, 255)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_RESIDUAL_CAP, 4097)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_QUANTILE_KNOTS, 1)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_NAME, 0x0a)).toBe(bad, "a line end in the name");
    expect<i32>(statusWith(ARTIFACT_AT_NAME + 4, 0x6100)).toBe(bad, "text after the name's end");
  });

  it("refuses a calibration that is not finite and positive", () => {
    const bad = ArtifactStatus.BadCalibration;
    const scales = ARTIFACT_HEADER_BYTES + 4 * TINY_INPUTS;
    expect<i32>(statusWith(ARTIFACT_HEADER_BYTES, NAN_BITS)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_HEADER_BYTES, INFINITY_BITS | i32.MIN_VALUE)).toBe(bad);
    expect<i32>(statusWith(scales, 0)).toBe(bad);
    expect<i32>(statusWith(scales, 1)).toBe(bad, "a denormal");
    expect<i32>(statusWith(scales, INFINITY_BITS)).toBe(bad);
    expect<i32>(statusWith(scales, NAN_BITS)).toBe(bad);
    expect<i32>(statusWith(scales, reinterpret<i32>(<f32>-1))).toBe(bad);
  });

  it("refuses outputs that point elsewhere", () => {
    const bad = ArtifactStatus.BadOutputs;
    const outputs = outputsOffset(TINY_INPUTS);
    expect<i32>(statusWith(outputs, TINY_INPUTS)).toBe(bad);
    expect<i32>(statusWith(outputs, -1)).toBe(bad);
    expect<i32>(statusWith(outputs + 64, 3)).toBe(bad, "no such kind");
    expect<i32>(statusWith(outputs + 64, 1)).toBe(bad, "a quantile without a level");
    expect<i32>(statusWith(outputs + 64, 2)).toBe(bad, "a logit whose 0 is its 1");
    expect<i32>(statusWith(outputs + 128, 2)).toBe(bad, "carry is 0 or 1");
    expect<i32>(statusWith(outputs + 192, 1)).toBe(bad, "a value with a level");
    expect<i32>(statusWith(outputs + 384, 0)).toBe(bad);
    expect<i32>(statusWith(outputs + 448, 32768)).toBe(bad);
    expect<i32>(statusWith(outputs + 512, 0)).toBe(bad, "a scale of 0 would divide by it");
    expect<i32>(statusWith(outputs + 4, 1)).toBe(bad, "a padding row");
  });

  it("refuses a quantile table that does not rise", () => {
    const bad = ArtifactStatus.BadQuantiles;
    const knots = quantilesOffset(TINY_INPUTS, 1);
    expect<i32>(statusWith(knots, -1)).toBe(bad);
    expect<i32>(statusWith(knots + 8, 0)).toBe(bad, "equal surprises divide by zero");
    expect<i32>(statusWith(knots + 20, 511)).toBe(bad, "evidence that falls");
    expect<i32>(statusWith(knots + 20, 2561)).toBe(bad);
    expect<i32>(statusWith(knots + 24, 1)).toBe(bad, "a knot that is not used");
  });

  it("refuses weights' scales out of bounds", () => {
    const bad = ArtifactStatus.BadWeights;
    const multipliers = coreOffset(TINY_INPUTS, 1) + 4 * TINY_HIDDEN * (TINY_INPUTS + TINY_HIDDEN);
    const biases = multipliers + 16 * TINY_HIDDEN;
    expect<i32>(statusWith(multipliers, -1)).toBe(bad);
    expect<i32>(statusWith(biases, BIAS_MAX + 1)).toBe(bad);
    expect<i32>(statusWith(biases, -BIAS_MAX - 1)).toBe(bad);
    expect<i32>(statusWith(biases, i32.MIN_VALUE)).toBe(bad);
  });

  it("refuses bytes where there must be none", () => {
    const bad = ArtifactStatus.BadPadding;
    expect<i32>(statusWith(ARTIFACT_AT_RESERVED_HIGH, 1)).toBe(bad);
    const multipliers = tinyPredictor() + 16 * (TINY_INPUTS + TINY_HIDDEN);
    expect<i32>(statusWith(multipliers + 4, 1)).toBe(bad, "a padding row's multiplier");
    expect<i32>(statusWith(tinyBytes() - 4, 1)).toBe(bad);
  });

  it("refuses an artifact whose self-test does not come out", () => {
    const records = selfTestOffset(Architecture.Lstm, TINY_INPUTS, TINY_HIDDEN, 1, 0);
    const failed = ArtifactStatus.SelfTestFailed;
    expect<i32>(statusWith(records + 2 * TINY_INPUTS, 1)).toBe(failed, "another prediction");
    expect<i32>(statusWith(records + 64, 1)).toBe(failed, "another surprise");
    expect<i32>(statusWith(records + 68, 1)).toBe(failed, "another score");
  });

  it("takes vectors of other schemas where it is asked for them", () => {
    writeTiny();
    store<i32>(tinyArtifact() + ARTIFACT_AT_FEATURE_SCHEMA, 77);
    const bytes = tinyBytes();
    expect<i32>(statusFor(bytes, 77, 0, 1024)).toBe(ArtifactStatus.Ok);
    expect<i32>(statusFor(bytes, 77, 32, 1024)).toBe(ArtifactStatus.BadShape);
  });

  it("refuses a state that does not fit", () => {
    writeTiny();
    const bytes = tinyBytes();
    expect<i32>(statusFor(bytes, FEATURE_SCHEMA, 0, 128)).toBe(ArtifactStatus.Ok);
    expect<i32>(statusFor(bytes, FEATURE_SCHEMA, 0, 112)).toBe(ArtifactStatus.StateTooLarge);
  });
});
