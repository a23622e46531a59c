// One step of the causal Transformer: a pre-norm layer whose newest step attends to itself and the
// last ones in a ring. Not recomputed over a window: keys and values of earlier steps do not depend
// on later ones, so a step costs the same whatever came before. Position enters as a learnt bias per
// head and age alone; inputs carry no position.
//
// Formulas, formats and the state's layout: contract/transformer-sections.ts. No accumulator
// overflows: a matrix has at most 128 columns, and gemv holds 447 (kernels.ts); attention.ts and
// transformer-norm.ts state their own bounds.

import { HIDDEN_MAX } from "../contract/artifact";
import {
  TRANSFORMER_FEED_FORWARD_MAX,
  TransformerMatrix,
  transformerKeysOffset,
  transformerRingOffset,
  transformerValuesOffset,
} from "../contract/transformer-sections";
import { attendScalar, attendSimd, rememberScalar, rememberSimd } from "./attention";
import { gemvScalar, gemvSimd } from "./kernels";
import { normScalar, normSimd } from "./transformer-norm";
import { TransformerWeights, matrixView } from "./transformer-weights";

/** Vectors of the step at hand; dead between steps. */
const RESIDUAL: usize = memory.data(2 * HIDDEN_MAX, 16);
const NORMED: usize = memory.data(2 * HIDDEN_MAX, 16);
const ATTENDED: usize = memory.data(6 * HIDDEN_MAX, 16);
const MIXED: usize = memory.data(2 * HIDDEN_MAX, 16);
const EXPANDED: usize = memory.data(2 * TRANSFORMER_FEED_FORWARD_MAX, 16);
const CHANGE: usize = memory.data(2 * HIDDEN_MAX, 16);

/** Where the ring stands. */
// @ts-ignore: decorator
@unmanaged
@final
class Ring {
  /** Steps that it holds, up to its length. */
  filled: i32;
  /** Slot that the next step takes. */
  slot: i32;
}

/**
 * Advances a key's state by one input vector.
 * @param state block of transformerStateBytes, aligned to 16; all zero when fresh. Its first i16[hidden]
 * are the hidden vector afterwards, Q15
 * @param x i16[inputs], Q12
 */
export function transformerStep(weights: TransformerWeights, state: usize, x: usize): void {
  const hidden = weights.hidden;
  applySimd(weights, TransformerMatrix.Embed, RESIDUAL, x);
  normSimd(NORMED, RESIDUAL, hidden);
  applySimd(weights, TransformerMatrix.Attend, ATTENDED, NORMED);
  lookBack(weights, state, true);
  applySimd(weights, TransformerMatrix.Merge, CHANGE, MIXED);
  addSimd(RESIDUAL, CHANGE, hidden);
  normSimd(NORMED, RESIDUAL, hidden);
  applySimd(weights, TransformerMatrix.Expand, EXPANDED, NORMED);
  rectifySimd(EXPANDED, weights.feedForward);
  applySimd(weights, TransformerMatrix.Contract, CHANGE, EXPANDED);
  addSimd(RESIDUAL, CHANGE, hidden);
  normSimd(state, RESIDUAL, hidden);
}

/** The same as transformerStep with the scalar kernels. */
export function transformerStepScalar(weights: TransformerWeights, state: usize, x: usize): void {
  const hidden = weights.hidden;
  applyScalar(weights, TransformerMatrix.Embed, RESIDUAL, x);
  normScalar(NORMED, RESIDUAL, hidden);
  applyScalar(weights, TransformerMatrix.Attend, ATTENDED, NORMED);
  lookBack(weights, state, false);
  applyScalar(weights, TransformerMatrix.Merge, CHANGE, MIXED);
  addScalar(RESIDUAL, CHANGE, hidden);
  normScalar(NORMED, RESIDUAL, hidden);
  applyScalar(weights, TransformerMatrix.Expand, EXPANDED, NORMED);
  rectifyScalar(EXPANDED, weights.feedForward);
  applyScalar(weights, TransformerMatrix.Contract, CHANGE, EXPANDED);
  addScalar(RESIDUAL, CHANGE, hidden);
  normScalar(state, RESIDUAL, hidden);
}

/** Puts the step's key and value into the ring and mixes the ring's values, head by head. */
function lookBack(weights: TransformerWeights, state: usize, simd: bool): void {
  const hidden = weights.hidden;
  const length = weights.ring;
  const ring = changetype<Ring>(state + <usize>transformerRingOffset(hidden));
  const keys = state + <usize>transformerKeysOffset(hidden);
  const values = state + <usize>transformerValuesOffset(hidden, length);
  const slot = ring.slot & (length - 1);
  // In [1, length] whatever the state says: attention divides by a sum over that many.
  const filled = <i32>min<u32>(<u32>ring.filled, <u32>length - 1) + 1;
  ring.slot = (slot + 1) & (length - 1);
  ring.filled = filled;

  const vector = (<usize>hidden) << 1;
  const key = ATTENDED + vector;
  if (simd) rememberSimd(keys, values, slot, key, key + vector, hidden);
  else rememberScalar(keys, values, slot, key, key + vector, hidden);

  const width = hidden / weights.heads;
  let bias = weights.ageBias + ((<usize>(length - 1 - slot)) << 1);
  for (let column = 0; column < hidden; column += width) {
    const at = (<usize>column) << 1;
    const out = MIXED + at;
    const q = ATTENDED + at;
    const k = keys + ((<usize>column) << 3);
    const v = values + at;
    if (simd) attendSimd(out, q, k, v, bias, width, hidden, length, filled);
    else attendScalar(out, q, k, v, bias, width, hidden, length, filled);
    bias += (<usize>length) << 2;
  }
}

// @ts-ignore: decorator
@inline
function applySimd(weights: TransformerWeights, matrix: i32, out: usize, x: usize): void {
  const view = matrixView(weights, matrix);
  gemvSimd(
    out,
    view.rows,
    view.weights,
    view.multipliers,
    view.biases,
    view.shift,
    x,
    0,
    0,
    x,
    view.columns,
  );
}

// @ts-ignore: decorator
@inline
function applyScalar(weights: TransformerWeights, matrix: i32, out: usize, x: usize): void {
  const view = matrixView(weights, matrix);
  gemvScalar(
    out,
    view.rows,
    view.weights,
    view.multipliers,
    view.biases,
    view.shift,
    x,
    0,
    0,
    x,
    view.columns,
  );
}

/** Saturating sum of two vectors into the first; hidden a multiple of 8. */
function addSimd(r: usize, change: usize, hidden: i32): void {
  const end = r + ((<usize>hidden) << 1);
  for (; r < end; r += 16) {
    v128.store(r, i16x8.add_sat_s(v128.load(r), v128.load(change)));
    change += 16;
  }
}

function addScalar(r: usize, change: usize, hidden: i32): void {
  for (let at: usize = 0; at < (<usize>hidden) << 1; at += 2) {
    const sum = <i32>load<i16>(r + at) + <i32>load<i16>(change + at);
    store<i16>(r + at, min<i32>(max<i32>(sum, -32768), 32767));
  }
}

/** Negative values to 0, in place; length a multiple of 8. */
function rectifySimd(u: usize, length: i32): void {
  const end = u + ((<usize>length) << 1);
  const zero = i16x8.splat(0);
  for (; u < end; u += 16) v128.store(u, i16x8.max_s(v128.load(u), zero));
}

function rectifyScalar(u: usize, length: i32): void {
  for (let at: usize = 0; at < (<usize>length) << 1; at += 2) {
    store<i16>(u + at, max<i32>(load<i16>(u + at), 0));
  }
}
