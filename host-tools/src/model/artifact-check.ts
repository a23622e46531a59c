// The filter's checks of a scorer artifact, made again on the host so that a refusal can name the
// field, the value and the bound; the filter itself answers only with a status. The statuses are the
// same, which a test holds over mutated artifacts.

import {
  ARTIFACT_AT_ARCHITECTURE,
  ARTIFACT_AT_FEATURE_SCHEMA,
  ARTIFACT_AT_FORMAT,
  ARTIFACT_AT_HIDDEN,
  ARTIFACT_AT_INPUTS,
  ARTIFACT_AT_KIND,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_AT_VARIANT,
  ARTIFACT_BYTES_MAX,
  ARTIFACT_FORMAT,
  ARTIFACT_HEADER_BYTES,
  Architecture,
  ArtifactKind,
  ArtifactStatus,
  FEATURES,
  FEATURE_SCHEMA,
  HIDDEN_MAX,
  HIDDEN_MIN,
  INPUTS_MAX,
  INPUTS_MIN,
  OUTPUTS_MAX,
  SCORER_STATE_BYTES_MAX,
  SELF_TEST_STEPS_MAX,
  SELF_TEST_STEPS_MIN,
  TRANSFORMER_AT_FEED_FORWARD,
  TRANSFORMER_AT_HEADS,
  TRANSFORMER_AT_RING,
  WINDOW_MAX,
  artifactBytes,
  coreOffset,
  stateBytes,
  transformerShapeHolds,
  variantFeedForward,
  variantHeads,
  variantRing,
} from "../contract";
import { ArtifactChecker, artifactRefusal } from "./artifact-checker";
import { type CheckedShape, checkNumbers } from "./artifact-check-numbers";

/** What is taken, where it differs from what the filter takes. */
export interface ArtifactLimits {
  readonly featureSchema?: number;
  /** Length of a vector; 0 for any. */
  readonly inputs?: number;
  /** Most that the scorer's state may take. */
  readonly stateBytes?: number;
}

/** @throws GanglionError E_ARTIFACT_... at the first field that the filter would refuse */
export function checkArtifact(bytes: Uint8Array, limits: ArtifactLimits = {}): void {
  if (bytes.length < ARTIFACT_HEADER_BYTES) {
    throw artifactRefusal(
      ArtifactStatus.TooShort,
      `${bytes.length} bytes, the header alone has ${ARTIFACT_HEADER_BYTES}`,
    );
  }
  const check = new ArtifactChecker(bytes);
  checkPurpose(check, limits.featureSchema ?? FEATURE_SCHEMA);
  const shape = checkShape(check, limits.inputs ?? FEATURES);
  checkLength(check, shape);
  if (shape.architecture === Architecture.Transformer) checkSection(check, shape);
  const { architecture, inputs, hidden, outputs, variant } = shape;
  const state = stateBytes(architecture, inputs, hidden, outputs, variant);
  const most = limits.stateBytes ?? SCORER_STATE_BYTES_MAX;
  if (state > most) {
    throw artifactRefusal(
      ArtifactStatus.StateTooLarge,
      `the state of a route takes ${state} bytes, at most ${most}`,
    );
  }
  checkNumbers(check, shape);
}

function checkPurpose(check: ArtifactChecker, schema: number): void {
  const S = ArtifactStatus;
  check.magic();
  check.number(S.BadFormat, "format version", ARTIFACT_AT_FORMAT, ARTIFACT_FORMAT, ARTIFACT_FORMAT);
  const kind = ArtifactKind.Scorer;
  check.number(S.BadKind, "kind", ARTIFACT_AT_KIND, kind, kind);
  const { Lstm, Linear } = Architecture;
  check.number(S.BadArchitecture, "architecture", ARTIFACT_AT_ARCHITECTURE, Lstm, Linear);
  check.number(S.BadFeatureSchema, "feature schema", ARTIFACT_AT_FEATURE_SCHEMA, schema, schema);
}

function checkShape(check: ArtifactChecker, inputsWanted: number): CheckedShape {
  const bad = ArtifactStatus.BadShape;
  const architecture = check.view.getInt32(ARTIFACT_AT_ARCHITECTURE, true);
  const low = inputsWanted === 0 ? INPUTS_MIN : inputsWanted;
  const high = inputsWanted === 0 ? INPUTS_MAX : inputsWanted;
  const inputs = check.number(bad, "inputs", ARTIFACT_AT_INPUTS, low, high);
  const hidden = check.number(bad, "hidden", ARTIFACT_AT_HIDDEN, HIDDEN_MIN, HIDDEN_MAX);
  for (const [field, value] of [
    ["inputs", inputs],
    ["hidden", hidden],
  ] as const) {
    if (value % 8 !== 0) throw artifactRefusal(bad, `${field} is ${value}, no multiple of 8`);
  }
  const outputs = check.number(bad, "outputs", ARTIFACT_AT_OUTPUTS, 1, OUTPUTS_MAX);
  const variant = checkVariant(check, architecture, hidden);
  const selfTestSteps = check.number(
    bad,
    "self-test steps",
    ARTIFACT_AT_SELF_TEST_STEPS,
    SELF_TEST_STEPS_MIN,
    SELF_TEST_STEPS_MAX,
  );
  return { architecture, inputs, hidden, outputs, variant, selfTestSteps };
}

function checkVariant(check: ArtifactChecker, architecture: number, hidden: number): number {
  const bad = ArtifactStatus.BadShape;
  if (architecture !== Architecture.Transformer) {
    const linear = architecture === Architecture.Linear;
    const high = linear ? WINDOW_MAX : 0;
    return check.number(bad, "variant", ARTIFACT_AT_VARIANT, linear ? 1 : 0, high);
  }
  const variant = check.view.getInt32(ARTIFACT_AT_VARIANT, true);
  const heads = variantHeads(variant);
  const ring = variantRing(variant);
  const feedForward = variantFeedForward(variant);
  if (transformerShapeHolds(hidden, heads, ring, feedForward)) return variant;
  throw artifactRefusal(
    bad,
    `no Transformer has ${hidden} hidden values, ${heads} heads, a ring of ${ring} and ` +
      `${feedForward} expanded values`,
  );
}

function checkLength(check: ArtifactChecker, shape: CheckedShape): void {
  const { architecture, inputs, hidden, outputs, variant, selfTestSteps } = shape;
  const expected = artifactBytes(architecture, inputs, hidden, outputs, variant, selfTestSteps);
  const { length } = check.bytes;
  if (length !== expected || length > ARTIFACT_BYTES_MAX) {
    throw artifactRefusal(
      ArtifactStatus.BadLength,
      `${length} bytes, this shape has ${expected} and the most is ${ARTIFACT_BYTES_MAX}`,
    );
  }
  const at = ARTIFACT_AT_TOTAL_BYTES;
  check.number(ArtifactStatus.BadLength, "total bytes", at, expected, expected);
}

/** A Transformer's section says of its shape what the header says. */
function checkSection(check: ArtifactChecker, { inputs, outputs, variant }: CheckedShape): void {
  const section = coreOffset(inputs, outputs);
  for (const [field, at, value] of [
    ["heads", TRANSFORMER_AT_HEADS, variantHeads(variant)],
    ["ring", TRANSFORMER_AT_RING, variantRing(variant)],
    ["feed-forward width", TRANSFORMER_AT_FEED_FORWARD, variantFeedForward(variant)],
  ] as const) {
    check.number(ArtifactStatus.BadShape, `section's ${field}`, section + at, value, value);
  }
}
