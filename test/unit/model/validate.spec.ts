// Each rule of validation by the one field that breaks it.

import {
  ARTIFACT_AT_ARCHITECTURE,
  ARTIFACT_AT_DRIFT_SHIFT,
  ARTIFACT_AT_FEATURE_SCHEMA,
  ARTIFACT_AT_FORMAT,
  ARTIFACT_AT_GATE_SHIFT,
  ARTIFACT_AT_HIDDEN,
  ARTIFACT_AT_INPUTS,
  ARTIFACT_AT_KIND,
  ARTIFACT_AT_MAGIC,
  ARTIFACT_AT_NAME,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_QUANTILE_KNOTS,
  ARTIFACT_AT_RESERVED_HIGH,
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_THRESHOLD_PERMILLE,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_HEADER_BYTES,
  ArtifactStatus,
  BIAS_MAX,
  gatesOffset,
  outputsOffset,
  predictorOffset,
  quantilesOffset,
  selfTestOffset,
} from "../../../assembly/contract/artifact";
import { validateArtifact, validateArtifactFor } from "../../../assembly/model/validate";
import { TINY_HIDDEN, TINY_INPUTS, tinyArtifact, tinyBytes, writeTiny } from "./tiny-artifact";

/** Status after one 32-bit number of a good artifact is replaced. */
function statusWith(offset: i32, value: i32): i32 {
  writeTiny();
  store<i32>(tinyArtifact() + offset, value);
  return validateArtifact(tinyArtifact(), tinyBytes());
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
    expect<i32>(statusWith(ARTIFACT_AT_FORMAT, 2)).toBe(ArtifactStatus.BadFormat);
    expect<i32>(statusWith(ARTIFACT_AT_KIND, 2)).toBe(ArtifactStatus.BadKind);
    expect<i32>(statusWith(ARTIFACT_AT_ARCHITECTURE, 0)).toBe(ArtifactStatus.BadArchitecture);
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
    expect<i32>(statusWith(ARTIFACT_AT_OUTPUTS, TINY_INPUTS + 1)).toBe(
      bad,
      "more outputs than inputs",
    );
    expect<i32>(statusWith(ARTIFACT_AT_SELF_TEST_STEPS, 0)).toBe(bad, "a missing self-test");
  });

  it("refuses header fields out of bounds", () => {
    const bad = ArtifactStatus.BadHeader;
    expect<i32>(statusWith(ARTIFACT_AT_DRIFT_SHIFT, 9)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_GATE_SHIFT, 30)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_GATE_SHIFT, 61)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_THRESHOLD_PERMILLE, 0)).toBe(bad);
    expect<i32>(statusWith(ARTIFACT_AT_THRESHOLD_PERMILLE, 1001)).toBe(bad);
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
    expect<i32>(statusWith(outputs + 64, 2)).toBe(bad, "carry is 0 or 1");
    expect<i32>(statusWith(outputs + 128, 0)).toBe(bad);
    expect<i32>(statusWith(outputs + 192, 32768)).toBe(bad);
    expect<i32>(statusWith(outputs + 256, 0)).toBe(bad, "a scale of 0 would divide by it");
    expect<i32>(statusWith(outputs + 4, 1)).toBe(bad, "a padding row");
  });

  it("refuses a quantile table that does not rise", () => {
    const bad = ArtifactStatus.BadQuantiles;
    const knots = quantilesOffset(TINY_INPUTS, 1);
    expect<i32>(statusWith(knots, -1)).toBe(bad);
    expect<i32>(statusWith(knots + 8, 0)).toBe(bad, "equal surprises divide by zero");
    expect<i32>(statusWith(knots + 20, 499)).toBe(bad, "a score that falls");
    expect<i32>(statusWith(knots + 20, 1001)).toBe(bad);
    expect<i32>(statusWith(knots + 24, 1)).toBe(bad, "a knot that is not used");
  });

  it("refuses weights' scales out of bounds", () => {
    const bad = ArtifactStatus.BadWeights;
    const multipliers = gatesOffset(TINY_INPUTS, 1) + 4 * TINY_HIDDEN * (TINY_INPUTS + TINY_HIDDEN);
    const biases = multipliers + 16 * TINY_HIDDEN;
    expect<i32>(statusWith(multipliers, -1)).toBe(bad);
    expect<i32>(statusWith(biases, BIAS_MAX + 1)).toBe(bad);
    expect<i32>(statusWith(biases, -BIAS_MAX - 1)).toBe(bad);
    expect<i32>(statusWith(biases, i32.MIN_VALUE)).toBe(bad);
  });

  it("refuses bytes where there must be none", () => {
    const bad = ArtifactStatus.BadPadding;
    expect<i32>(statusWith(ARTIFACT_AT_RESERVED_HIGH, 1)).toBe(bad);
    const multipliers = predictorOffset(TINY_INPUTS, TINY_HIDDEN, 1) + 16 * TINY_HIDDEN;
    expect<i32>(statusWith(multipliers + 4, 1)).toBe(bad, "a padding row's multiplier");
    expect<i32>(statusWith(tinyBytes() - 4, 1)).toBe(bad);
  });

  it("refuses an artifact whose self-test does not come out", () => {
    const records = selfTestOffset(TINY_INPUTS, TINY_HIDDEN, 1);
    const failed = ArtifactStatus.SelfTestFailed;
    expect<i32>(statusWith(records + 2 * TINY_INPUTS, 1)).toBe(failed, "another prediction");
    expect<i32>(statusWith(records + 64, 1)).toBe(failed, "another surprise");
    expect<i32>(statusWith(records + 68, 1)).toBe(failed, "another score");
  });

  it("takes vectors of other schemas where it is asked for them", () => {
    writeTiny();
    store<i32>(tinyArtifact() + ARTIFACT_AT_FEATURE_SCHEMA, 77);
    const bytes = tinyBytes();
    expect<i32>(validateArtifactFor(tinyArtifact(), bytes, 77, 0)).toBe(ArtifactStatus.Ok);
    expect<i32>(validateArtifactFor(tinyArtifact(), bytes, 77, 32)).toBe(ArtifactStatus.BadShape);
  });
});
