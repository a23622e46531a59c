// Entry of a second module: the scorer alone, on raw vectors, for tests, benches and the host
// tool's self-test. Not part of the filter; nothing here runs in a proxy.

import { INPUTS_MAX } from "./contract/artifact";
import { ARTIFACT_BYTES_MAX } from "./contract/limits";
import { quantise } from "./features/quantise";
import { cellScalar, cellSimd, gemvScalar, gemvSimd, sigmoidQ15, tanhQ15 } from "./model/kernels";
import {
  MODEL_STRUCT_BYTES,
  Model,
  mapModel,
  modelThresholdPermille,
  modelVersion,
} from "./model/model";
import { permilleOf, scoreQuantised, scoreQuantisedScalar, scoreStep } from "./model/scorer";
import { SCORER_STATE_BYTES } from "./model/scorer-state";
import { validateArtifact, validateArtifactFor } from "./model/validate";

const ARTIFACT: usize = memory.data(ARTIFACT_BYTES_MAX, 16);
const MODEL: usize = memory.data(256, 16);
/** One state per kernel, and one more for swaps. */
const STATES: usize = memory.data(4096, 16);
const VECTOR: usize = memory.data(4 * INPUTS_MAX, 16);
/** Free memory for kernel tests. */
const WORK: usize = memory.data(65536, 16);

if (MODEL_STRUCT_BYTES > 256) ERROR("MODEL is too small");
if (SCORER_STATE_BYTES > 1024) ERROR("STATES is too small");

export { gemvSimd, gemvScalar, cellSimd, cellScalar, sigmoidQ15, tanhQ15, quantise };

/** Where the artifact goes: ARTIFACT_BYTES_MAX bytes. */
export function artifactArea(): usize {
  return ARTIFACT;
}

/** Where the input vector goes: f32 or i16. */
export function vectorArea(): usize {
  return VECTOR;
}

/** 64 KiB for whatever a test wants to lay out. */
export function workArea(): usize {
  return WORK;
}

/** State block 0 to 3. */
export function stateArea(index: i32): usize {
  return STATES + ((<usize>index) << 10);
}

export function stateBytes(): usize {
  return SCORER_STATE_BYTES;
}

export function validate(bytes: i32): i32 {
  return validateArtifact(ARTIFACT, bytes);
}

export function validateFor(bytes: i32, schema: i32, inputs: i32): i32 {
  return validateArtifactFor(ARTIFACT, bytes, schema, inputs);
}

export function map(): void {
  mapModel(ARTIFACT, changetype<Model>(MODEL));
}

export function version(): u32 {
  return modelVersion(changetype<Model>(MODEL));
}

export function thresholdPermille(): i32 {
  return modelThresholdPermille(changetype<Model>(MODEL));
}

export function permille(surprise: i32): i32 {
  return permilleOf(changetype<Model>(MODEL), surprise);
}

export function score(state: usize): i32 {
  return scoreStep(changetype<Model>(MODEL), state, VECTOR);
}

export function scoreSimd(state: usize): i32 {
  return scoreQuantised(changetype<Model>(MODEL), state, VECTOR);
}

export function scoreScalar(state: usize): i32 {
  return scoreQuantisedScalar(changetype<Model>(MODEL), state, VECTOR);
}

/** Runs many raw vectors through one state, so that a caller pays one crossing for all. */
export function scoreMany(state: usize, vectors: usize, count: i32, scores: usize): void {
  const model = changetype<Model>(MODEL);
  const bytes = (<usize>model.inputs) << 2;
  for (let i = 0; i < count; i++) {
    store<i32>(scores + ((<usize>i) << 2), scoreStep(model, state, vectors + <usize>i * bytes));
  }
}

/** For benches: the same vector again and again, by SIMD or scalar kernels. */
export function repeat(state: usize, count: i32, simd: bool): i32 {
  const model = changetype<Model>(MODEL);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += simd ? scoreQuantised(model, state, VECTOR) : scoreQuantisedScalar(model, state, VECTOR);
  }
  return sum;
}
