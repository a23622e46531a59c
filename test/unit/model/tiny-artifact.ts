// The smallest artifact that says something: weights of zero, so that every prediction is 0 and an
// output's residual is its feature. What a score must be can then be worked out by hand.

import {
  ARTIFACT_AT_ARCHITECTURE,
  ARTIFACT_AT_CORE_SHIFT,
  ARTIFACT_AT_DRIFT_SHIFT,
  ARTIFACT_AT_FEATURE_SCHEMA,
  ARTIFACT_AT_FORMAT,
  ARTIFACT_AT_HIDDEN,
  ARTIFACT_AT_INPUTS,
  ARTIFACT_AT_INPUT_SHIFT,
  ARTIFACT_AT_KIND,
  ARTIFACT_AT_MAGIC,
  ARTIFACT_AT_MODEL_VERSION,
  ARTIFACT_AT_NAME,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_OUTPUT_SHIFT,
  ARTIFACT_AT_QUANTILE_KNOTS,
  ARTIFACT_AT_RESIDUAL_CAP,
  ARTIFACT_AT_SCALE_SHIFT,
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_SMOOTHING_SHIFT,
  ARTIFACT_AT_THRESHOLD_EVIDENCE,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_AT_WARM_UP_STEPS,
  ARTIFACT_FORMAT,
  ARTIFACT_HEADER_BYTES,
  ARTIFACT_MAGIC,
  Architecture,
  ArtifactKind,
} from "../../../assembly/contract/artifact";
import {
  artifactBytes,
  outputsOffset,
  quantilesOffset,
} from "../../../assembly/contract/artifact-layout";
import { FEATURES, FEATURE_SCHEMA } from "../../../assembly/contract/features";

export const TINY_INPUTS: i32 = FEATURES;
export const TINY_HIDDEN: i32 = 8;
/** The one output predicts this feature. */
export const TINY_FEATURE: i32 = 3;
export const TINY_WARM_UP: i32 = 2;

const SPACE: usize = memory.data(8192, 16);

export function tinyArtifact(): usize {
  return SPACE;
}

export function tinyBytes(hidden: i32 = TINY_HIDDEN): i32 {
  return artifactBytes(Architecture.Lstm, TINY_INPUTS, hidden, 1, 0, 4);
}

/** Writes the artifact anew. */
export function writeTiny(version: u32 = 5, hidden: i32 = TINY_HIDDEN): void {
  const p = SPACE;
  memory.fill(p, 0, 8192);
  store<u32>(p + ARTIFACT_AT_MAGIC, ARTIFACT_MAGIC);
  store<i32>(p + ARTIFACT_AT_FORMAT, ARTIFACT_FORMAT);
  store<i32>(p + ARTIFACT_AT_KIND, ArtifactKind.Scorer);
  store<i32>(p + ARTIFACT_AT_ARCHITECTURE, Architecture.Lstm);
  store<i32>(p + ARTIFACT_AT_TOTAL_BYTES, tinyBytes(hidden));
  store<u32>(p + ARTIFACT_AT_MODEL_VERSION, version);
  store<i32>(p + ARTIFACT_AT_FEATURE_SCHEMA, FEATURE_SCHEMA);
  store<i32>(p + ARTIFACT_AT_INPUTS, TINY_INPUTS);
  store<i32>(p + ARTIFACT_AT_HIDDEN, hidden);
  store<i32>(p + ARTIFACT_AT_OUTPUTS, 1);
  store<i32>(p + ARTIFACT_AT_INPUT_SHIFT, 3);
  store<i32>(p + ARTIFACT_AT_WARM_UP_STEPS, TINY_WARM_UP);
  store<i32>(p + ARTIFACT_AT_SMOOTHING_SHIFT, 0);
  store<i32>(p + ARTIFACT_AT_DRIFT_SHIFT, 1);
  store<i32>(p + ARTIFACT_AT_SCALE_SHIFT, 9);
  store<i32>(p + ARTIFACT_AT_RESIDUAL_CAP, 1024);
  store<i32>(p + ARTIFACT_AT_THRESHOLD_EVIDENCE, 768);
  store<i32>(p + ARTIFACT_AT_QUANTILE_KNOTS, 3);
  store<i32>(p + ARTIFACT_AT_SELF_TEST_STEPS, 4);
  store<i32>(p + ARTIFACT_AT_CORE_SHIFT, 40);
  store<i32>(p + ARTIFACT_AT_OUTPUT_SHIFT, 40);
  store<u32>(p + ARTIFACT_AT_NAME, 0x796e6974); // "tiny"
  const scales = p + ARTIFACT_HEADER_BYTES + 4 * TINY_INPUTS;
  for (let i = 0; i < TINY_INPUTS; i++) store<f32>(scales + 4 * i, 4096);
  const outputs = p + outputsOffset(TINY_INPUTS);
  store<i32>(outputs, TINY_FEATURE);
  // Ratio 1.0 (256 in Q8) counts as 1.0; the route's own scale is at least 1.0 (4096 in Q12).
  store<i32>(outputs + 6 * 64, 4096);
  store<i32>(outputs + 7 * 64, 4096);
  store<i32>(outputs + 8 * 64, 4096);
  const knots = p + quantilesOffset(TINY_INPUTS, 1);
  store<i32>(knots + 8, 4096);
  store<i32>(knots + 12, 512);
  store<i32>(knots + 16, 12288);
  store<i32>(knots + 20, 1024);
}
