// Decides whether bytes are a scorer that this filter may map. Everything that the kernels rely on
// is checked here, once, so that they can run without checks: no artifact that passes makes a score
// read or write out of bounds, overflow or trap. Not a checksum: the configuration carries the
// SHA-256 of the bytes, and the self-test proves that this machine computes what the author's did.

import {
  ARTIFACT_AT_ARCHITECTURE,
  ARTIFACT_AT_FEATURE_SCHEMA,
  ARTIFACT_AT_FORMAT,
  ARTIFACT_AT_HIDDEN,
  ARTIFACT_AT_INPUTS,
  ARTIFACT_AT_KIND,
  ARTIFACT_AT_MAGIC,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_AT_VARIANT,
  ARTIFACT_FORMAT,
  ARTIFACT_HEADER_BYTES,
  ARTIFACT_MAGIC,
  Architecture,
  ArtifactKind,
  ArtifactStatus,
  HIDDEN_MAX,
  HIDDEN_MIN,
  INPUTS_MAX,
  INPUTS_MIN,
  OUTPUTS_MAX,
  SELF_TEST_STEPS_MAX,
  SELF_TEST_STEPS_MIN,
  WINDOW_MAX,
} from "../contract/artifact";
import {
  artifactBytes,
  coreOffset,
  variantFeedForward,
  variantHeads,
  variantRing,
} from "../contract/artifact-layout";
import { FEATURES, FEATURE_SCHEMA } from "../contract/features";
import { ARTIFACT_BYTES_MAX } from "../contract/limits";
import { SCORER_STATE_BYTES_MAX } from "../contract/scorer-state-layout";
import {
  TRANSFORMER_AT_FEED_FORWARD,
  TRANSFORMER_AT_HEADS,
  TRANSFORMER_AT_RING,
  transformerShapeHolds,
} from "../contract/transformer-sections";
import { MODEL_STRUCT_BYTES, Model, mapModel } from "./model";
import { evidenceQuantised } from "./scorer";
import { ScorerState, resetState, statePrediction } from "./scorer-state";
import { numbersStatus, within } from "./validate-numbers";

/** The candidate under validation, and the state that its self-test runs in. */
const CANDIDATE: usize = memory.data(512, 16);
const SELF_TEST_STATE: usize = memory.data(SCORER_STATE_BYTES_MAX, 16);

if (MODEL_STRUCT_BYTES > 512) ERROR("CANDIDATE is too small for a Model");

/**
 * Whether the bytes are a scorer for this filter's features.
 * @param ptr the artifact, aligned to 16
 * @param bytes its length as delivered
 */
export function validateArtifact(ptr: usize, bytes: i32): ArtifactStatus {
  return validateScorer(ptr, bytes, SCORER_STATE_BYTES_MAX);
}

/**
 * The same for a scorer that shares a route's place with another.
 * @param stateBytesMax what is left of it, at most SCORER_STATE_BYTES_MAX
 */
export function validateScorer(ptr: usize, bytes: i32, stateBytesMax: i32): ArtifactStatus {
  return validateArtifactFor(ptr, bytes, FEATURE_SCHEMA, FEATURES, SELF_TEST_STATE, stateBytesMax);
}

/**
 * Whether the bytes are a scorer for vectors of a given schema.
 * @param inputs required length of the vector, 0 for any
 * @param state memory for the self-test, aligned to 16
 * @param stateBytesMax its length, which is also the most that the scorer's state may take
 */
export function validateArtifactFor(
  ptr: usize,
  bytes: i32,
  schema: i32,
  inputs: i32,
  state: usize,
  stateBytesMax: i32,
): ArtifactStatus {
  const purpose = purposeStatus(ptr, bytes, schema);
  if (purpose != ArtifactStatus.Ok) return purpose;
  if (!shapeHolds(ptr, inputs)) return ArtifactStatus.BadShape;
  const length = lengthOf(ptr);
  if (bytes != length || bytes > ARTIFACT_BYTES_MAX) return ArtifactStatus.BadLength;
  if (load<i32>(ptr, ARTIFACT_AT_TOTAL_BYTES) != length) return ArtifactStatus.BadLength;
  if (!sectionAgrees(ptr)) return ArtifactStatus.BadShape;
  const model = changetype<Model>(CANDIDATE);
  mapModel(ptr, model);
  if (model.stateBytes > stateBytesMax) return ArtifactStatus.StateTooLarge;
  const numbers = numbersStatus(ptr, model);
  if (numbers != ArtifactStatus.Ok) return numbers;
  return selfTestHolds(model, state) ? ArtifactStatus.Ok : ArtifactStatus.SelfTestFailed;
}

/** What the artifact is for, before anything of its shape is believed. */
function purposeStatus(ptr: usize, bytes: i32, schema: i32): ArtifactStatus {
  if (bytes < ARTIFACT_HEADER_BYTES) return ArtifactStatus.TooShort;
  if (load<u32>(ptr, ARTIFACT_AT_MAGIC) != ARTIFACT_MAGIC) return ArtifactStatus.BadMagic;
  if (load<i32>(ptr, ARTIFACT_AT_FORMAT) != ARTIFACT_FORMAT) return ArtifactStatus.BadFormat;
  if (load<i32>(ptr, ARTIFACT_AT_KIND) != ArtifactKind.Scorer) return ArtifactStatus.BadKind;
  const architecture = load<i32>(ptr, ARTIFACT_AT_ARCHITECTURE);
  if (!within(architecture, Architecture.Lstm, Architecture.Linear)) {
    return ArtifactStatus.BadArchitecture;
  }
  if (load<i32>(ptr, ARTIFACT_AT_FEATURE_SCHEMA) != schema) return ArtifactStatus.BadFeatureSchema;
  return ArtifactStatus.Ok;
}

function shapeHolds(ptr: usize, inputsWanted: i32): bool {
  const inputs = load<i32>(ptr, ARTIFACT_AT_INPUTS);
  const hidden = load<i32>(ptr, ARTIFACT_AT_HIDDEN);
  if (!within(inputs, INPUTS_MIN, INPUTS_MAX) || (inputs & 7) != 0) return false;
  if (inputsWanted != 0 && inputs != inputsWanted) return false;
  if (!within(hidden, HIDDEN_MIN, HIDDEN_MAX) || (hidden & 7) != 0) return false;
  if (!within(load<i32>(ptr, ARTIFACT_AT_OUTPUTS), 1, OUTPUTS_MAX)) return false;
  if (!variantHolds(ptr, hidden)) return false;
  const steps = load<i32>(ptr, ARTIFACT_AT_SELF_TEST_STEPS);
  return within(steps, SELF_TEST_STEPS_MIN, SELF_TEST_STEPS_MAX);
}

function variantHolds(ptr: usize, hidden: i32): bool {
  const variant = load<i32>(ptr, ARTIFACT_AT_VARIANT);
  const architecture = load<i32>(ptr, ARTIFACT_AT_ARCHITECTURE);
  if (architecture == Architecture.Linear) return within(variant, 1, WINDOW_MAX);
  if (architecture != Architecture.Transformer) return variant == 0;
  const heads = variantHeads(variant);
  return transformerShapeHolds(hidden, heads, variantRing(variant), variantFeedForward(variant));
}

function lengthOf(ptr: usize): i32 {
  return artifactBytes(
    load<i32>(ptr, ARTIFACT_AT_ARCHITECTURE),
    load<i32>(ptr, ARTIFACT_AT_INPUTS),
    load<i32>(ptr, ARTIFACT_AT_HIDDEN),
    load<i32>(ptr, ARTIFACT_AT_OUTPUTS),
    load<i32>(ptr, ARTIFACT_AT_VARIANT),
    load<i32>(ptr, ARTIFACT_AT_SELF_TEST_STEPS),
  );
}

/** A Transformer's section says of its shape what the header says. */
function sectionAgrees(ptr: usize): bool {
  if (load<i32>(ptr, ARTIFACT_AT_ARCHITECTURE) != Architecture.Transformer) return true;
  const variant = load<i32>(ptr, ARTIFACT_AT_VARIANT);
  const inputs = load<i32>(ptr, ARTIFACT_AT_INPUTS);
  const section = ptr + <usize>coreOffset(inputs, load<i32>(ptr, ARTIFACT_AT_OUTPUTS));
  if (load<i32>(section, TRANSFORMER_AT_HEADS) != variantHeads(variant)) return false;
  if (load<i32>(section, TRANSFORMER_AT_RING) != variantRing(variant)) return false;
  return load<i32>(section, TRANSFORMER_AT_FEED_FORWARD) == variantFeedForward(variant);
}

/** Runs the artifact's own vectors from a fresh state; every number must be equal. */
function selfTestHolds(model: Model, place: usize): bool {
  const state = changetype<ScorerState>(place);
  resetState(model, state);
  const inputBytes = (<usize>model.inputs) << 1;
  const predictionBytes = (<usize>model.outputRows) << 1;
  let record = model.selfTest;
  for (let step = 0; step < model.selfTestSteps; step++) {
    evidenceQuantised(model, place, record);
    const expected = record + inputBytes;
    if (memory.compare(statePrediction(state), expected, predictionBytes) != 0) return false;
    if (state.surprise != load<i32>(expected + predictionBytes)) return false;
    if (state.evidence != load<i32>(expected + predictionBytes, 4)) return false;
    record = expected + predictionBytes + 16;
  }
  return true;
}
