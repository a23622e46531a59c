// Entry of a laboratory module: the Transformer's step and its kernels alone, for tests and benches.
// Not part of the filter; nothing here runs in a proxy.

import { HIDDEN_MAX, INPUTS_MAX } from "./contract/artifact";
import {
  TRANSFORMER_FEED_FORWARD_MAX,
  TRANSFORMER_HEADS_MAX,
  TRANSFORMER_RING_MAX,
  transformerSectionBytes,
  transformerStateBytes,
} from "./contract/transformer-sections";
import { exp2Q14 } from "./model/attention";
import { normScalar, normSimd } from "./model/transformer-norm";
import { transformerStep, transformerStepScalar } from "./model/transformer";
import { transformerBytes, validateTransformer } from "./model/transformer-validate";
import {
  TRANSFORMER_WEIGHTS_BYTES,
  TransformerWeights,
  mapTransformer,
} from "./model/transformer-weights";

const SECTION_BYTES: i32 = 65536;
const SECTION: usize = memory.data(SECTION_BYTES, 16);
const WEIGHTS: usize = memory.data(256, 16);
/** One state per kernel. */
const STATE_BYTES: usize = 4096;
const STATES: usize = memory.data(2 * 4096, 16);
/** Two vectors for the kernels' own tests; the first is the step's input. */
const VECTORS: usize = memory.data(1024, 16);

if (TRANSFORMER_WEIGHTS_BYTES > 256) ERROR("WEIGHTS is too small");

export { exp2Q14, normSimd, normScalar };

/** Whether the module's memory holds the largest layer; false is a mistake in this file. */
export function fits(): bool {
  const section = transformerSectionBytes(
    INPUTS_MAX,
    HIDDEN_MAX,
    TRANSFORMER_HEADS_MAX,
    TRANSFORMER_RING_MAX,
    TRANSFORMER_FEED_FORWARD_MAX,
  );
  const state = transformerStateBytes(HIDDEN_MAX, TRANSFORMER_RING_MAX);
  return section <= SECTION_BYTES && state <= <i32>STATE_BYTES;
}

/** 64 KiB for a section. */
export function sectionArea(): usize {
  return SECTION;
}

/** State block 0 or 1. */
export function stateArea(index: i32): usize {
  return STATES + <usize>index * STATE_BYTES;
}

/** 1 KiB for vectors. */
export function vectorArea(): usize {
  return VECTORS;
}

/** Bytes of the section in place, 0 when its shape is refused. */
export function bytesOf(available: i32, inputs: i32, hidden: i32): i32 {
  return transformerBytes(SECTION, available, inputs, hidden);
}

/** Whether the section in place can run; bytesOf must have accepted it. */
export function validate(inputs: i32, hidden: i32): bool {
  return validateTransformer(SECTION, inputs, hidden);
}

export function map(inputs: i32, hidden: i32): void {
  mapTransformer(SECTION, inputs, hidden, changetype<TransformerWeights>(WEIGHTS));
}

export function stepSimd(state: usize): void {
  transformerStep(changetype<TransformerWeights>(WEIGHTS), state, VECTORS);
}

export function stepScalar(state: usize): void {
  transformerStepScalar(changetype<TransformerWeights>(WEIGHTS), state, VECTORS);
}

/** For benches: the same vector again and again. */
export function repeat(state: usize, count: i32, simd: bool): void {
  const weights = changetype<TransformerWeights>(WEIGHTS);
  for (let i = 0; i < count; i++) {
    if (simd) transformerStep(weights, state, VECTORS);
    else transformerStepScalar(weights, state, VECTORS);
  }
}
