// Entry of a second module: the scorer alone, on raw vectors, for tests, benches and the host
// tool's self-test. Not part of the filter; nothing here runs in a proxy.

import { validateBundle } from "./bundle";
import { INPUTS_MAX } from "./contract/artifact";
import { evidencePermille } from "./contract/evidence";
import { ARTIFACT_BYTES_MAX } from "./contract/limits";
import { quantise } from "./features/quantise";
import { gruCellScalar, gruCellSimd } from "./model/gru-cell";
import { cellScalar, cellSimd, gemvScalar, gemvSimd, sigmoidQ15, tanhQ15 } from "./model/kernels";
import {
  MODEL_STRUCT_BYTES,
  Model,
  mapModel,
  modelThresholdEvidence,
  modelVersion,
} from "./model/model";
import {
  evidenceOf,
  evidenceQuantised,
  evidenceQuantisedScalar,
  evidenceStep,
} from "./model/scorer";
import { ScorerState, scorerStateBytes } from "./model/scorer-state";
import { validateArtifact, validateArtifactFor } from "./model/validate";

/** Bytes of a state block: the largest shape of any architecture fits. */
const STATE_BLOCK_BYTES: i32 = 8192;

const ARTIFACT: usize = memory.data(ARTIFACT_BYTES_MAX, 16);
const MODEL: usize = memory.data(512, 16);
/** One state per kernel, and two more around them. */
const STATES: usize = memory.data(4 * STATE_BLOCK_BYTES, 16);
const SELF_TEST_STATE: usize = memory.data(STATE_BLOCK_BYTES, 16);
const VECTOR: usize = memory.data(4 * INPUTS_MAX, 16);
/** Free memory for kernel tests and long series. */
const WORK: usize = memory.data(262144, 16);

if (MODEL_STRUCT_BYTES > 512) ERROR("MODEL is too small");

export {
  cellScalar,
  cellSimd,
  evidencePermille,
  gemvScalar,
  gemvSimd,
  gruCellScalar,
  gruCellSimd,
  quantise,
  sigmoidQ15,
  tanhQ15,
};

/** Where the artifact goes: ARTIFACT_BYTES_MAX bytes. */
export function artifactArea(): usize {
  return ARTIFACT;
}

/** Where the input vector goes: f32 or i16. */
export function vectorArea(): usize {
  return VECTOR;
}

/** Memory for whatever a caller wants to lay out. */
export function workArea(): usize {
  return WORK;
}

export function workBytes(): i32 {
  return 262144;
}

/** State block 0 to 3. */
export function stateArea(index: i32): usize {
  return STATES + <usize>(index * STATE_BLOCK_BYTES);
}

/** Bytes of a state block; a model uses modelStateBytes() of them. */
export function stateBlockBytes(): i32 {
  return STATE_BLOCK_BYTES;
}

export function modelStateBytes(): i32 {
  return scorerStateBytes(changetype<Model>(MODEL));
}

/** As the filter validates: its features, its room for a state. */
export function validate(bytes: i32): i32 {
  return validateArtifact(ARTIFACT, bytes);
}

/** Any length of vectors (or `inputs`), a large state. */
export function validateFor(bytes: i32, schema: i32, inputs: i32): i32 {
  return validateArtifactFor(ARTIFACT, bytes, schema, inputs, SELF_TEST_STATE, STATE_BLOCK_BYTES);
}

/** As the filter validates what may be several models. */
export function validateModels(bytes: i32): i32 {
  return validateBundle(ARTIFACT, bytes);
}

export function map(): void {
  mapModel(ARTIFACT, changetype<Model>(MODEL));
}

export function version(): u32 {
  return modelVersion(changetype<Model>(MODEL));
}

export function thresholdEvidence(): i32 {
  return modelThresholdEvidence(changetype<Model>(MODEL));
}

export function evidenceOfSurprise(surprise: i32): i32 {
  return evidenceOf(changetype<Model>(MODEL), surprise);
}

/** Evidence of the raw vector in the vector area. */
export function evidence(state: usize): i32 {
  return evidenceStep(changetype<Model>(MODEL), state, VECTOR);
}

/** Evidence of the quantised vector in the vector area. */
export function evidenceSimd(state: usize): i32 {
  return evidenceQuantised(changetype<Model>(MODEL), state, VECTOR);
}

export function evidenceScalar(state: usize): i32 {
  return evidenceQuantisedScalar(changetype<Model>(MODEL), state, VECTOR);
}

/**
 * Runs many raw vectors through one state, so that a caller pays one crossing for all.
 * @param out { i32 evidence (0 in warm-up), i32 surprise, i32 energy }[count]
 */
export function runMany(state: usize, vectors: usize, count: i32, out: usize): void {
  const model = changetype<Model>(MODEL);
  const scorer = changetype<ScorerState>(state);
  const bytes = (<usize>model.inputs) << 2;
  for (let i = 0; i < count; i++) {
    store<i32>(out, evidenceStep(model, state, vectors + <usize>i * bytes));
    store<i32>(out, scorer.surprise, 4);
    store<i32>(out, scorer.energy, 8);
    out += 12;
  }
}

/** For benches: the same vector again and again, by SIMD or scalar kernels. */
export function repeat(state: usize, count: i32, simd: bool): i32 {
  const model = changetype<Model>(MODEL);
  let sum = 0;
  if (simd) {
    for (let i = 0; i < count; i++) sum += evidenceQuantised(model, state, VECTOR);
  } else {
    for (let i = 0; i < count; i++) sum += evidenceQuantisedScalar(model, state, VECTOR);
  }
  return sum;
}
