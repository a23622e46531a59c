// The Transformer's part of a model file: one causal layer over the last `ring` steps of a key.
// As in contract/artifact.ts every place follows from the shape, so no offset in the file can point
// out of it. Offsets are from the section's first byte, which stands at a multiple of 16.
//
//      0  header, 32 bytes     0 heads    4 ring    8 feed-forward F
//                             12 shifts of the five matrices: embed, attend, merge, expand, contract
//     32  age bias             i16[heads][2 * ring], Q11, powers of two; entry i of a head belongs to
//                              age (ring - 1 - i) modulo ring. Twice, so that whatever slot of the
//                              ring is the newest, the slots' biases stand beside each other.
//         embed                i8 weights[d * D], i32 multiplier[d], i32 bias[d]
//         attend               i8 weights[3d * d], ...      rows: queries, keys, values, d of each
//         merge                i8 weights[d * d], ...
//         expand               i8 weights[F * d], ...
//         contract             i8 weights[d * F], ...
//
// Rows are padded to whole blocks of 16 with zeros; weights are interleaved as in contract/artifact.ts.
//
//   r  = embed x + b                                       residual stream, Q10, saturating
//   n  = norm(r);   q, k, v = attend n + b                 head j owns columns j d/heads ...
//   p  = softmax2(q . k_t + age bias), t over the ring     log2(e) and 1/sqrt(d/heads) are in q
//   r += merge (sum of p_t v_t) + b
//   n  = norm(r);   r += contract relu(expand n + b) + b
//   h  = norm(r)                                           read as Q15 by the head
//   norm(r) = r / sqrt(mean of r^2 + 2^-10), Q13, saturating at 4
//
// Formats: input Q12; residual Q10; normalised values Q13; expanded values Q11; keys and values int8 in a
// unit per column that the quantiser chose and folded into the neighbours: into the queries' rows, so
// that q . k is Q14 in powers of two, and into the merge's columns.
//
// State of one key, TRANSFORMER_STATE_ALIGN-aligned, all zero when fresh:
//      0       i16 hidden[d]           Q15, what the head reads: norm(r) / 4
//     2d       i32 filled, i32 slot, 8 zero bytes          steps in the ring; the slot written next
//     2d + 16  i8 keys[ring * d], i8 values[ring * d]
//   byte of key (slot, column)   = slot / 8 * 8d + column / 2 * 16 + slot % 8 * 2 + column % 2
//   byte of value (slot, column) = slot / 2 * 2d + column * 2 + slot % 2
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** The five matrices in the order of the file. */
export enum TransformerMatrix {
  Embed = 0,
  Attend = 1,
  Merge = 2,
  Expand = 3,
  Contract = 4,
}
export const TRANSFORMER_MATRICES: i32 = 5;

export const TRANSFORMER_HEADER_BYTES: i32 = 32;
export const TRANSFORMER_AT_HEADS: i32 = 0;
export const TRANSFORMER_AT_RING: i32 = 4;
export const TRANSFORMER_AT_FEED_FORWARD: i32 = 8;
/** i32[TRANSFORMER_MATRICES]. */
export const TRANSFORMER_AT_SHIFTS: i32 = 12;

export const TRANSFORMER_HEADS_MAX: i32 = 4;
/** Steps that the layer looks back on, the present one included. */
export const TRANSFORMER_RING_MIN: i32 = 8;
export const TRANSFORMER_RING_MAX: i32 = 16;
export const TRANSFORMER_FEED_FORWARD_MIN: i32 = 16;
export const TRANSFORMER_FEED_FORWARD_MAX: i32 = 128;
/** Alignment of a state block. */
export const TRANSFORMER_STATE_ALIGN: i32 = 16;
/** Added to the mean square under the root, in squares of the residual's unit (Q20): 2^-10. */
export const NORM_EPSILON_Q20: i32 = 1024;

/**
 * Whether the kernels can run such a layer.
 * @param hidden d, a multiple of 8 that the artifact's own bounds hold
 */
export function transformerShapeHolds(
  hidden: i32,
  heads: i32,
  ring: i32,
  feedForward: i32,
): boolean {
  if (heads != 1 && heads != 2 && heads != TRANSFORMER_HEADS_MAX) return false;
  // Values are mixed four columns at a time, all of one head.
  if (hidden % (4 * heads) != 0) return false;
  if (ring != TRANSFORMER_RING_MIN && ring != TRANSFORMER_RING_MAX) return false;
  if (feedForward < TRANSFORMER_FEED_FORWARD_MIN) return false;
  return feedForward <= TRANSFORMER_FEED_FORWARD_MAX && feedForward % 16 == 0;
}

/** Rows of a matrix before padding. */
export function transformerRows(matrix: i32, hidden: i32, feedForward: i32): i32 {
  switch (matrix) {
    case 1:
      return 3 * hidden;
    case 3:
      return feedForward;
    default:
      return hidden;
  }
}

/** Columns of a matrix; a multiple of 8. */
export function transformerColumns(matrix: i32, inputs: i32, hidden: i32, feedForward: i32): i32 {
  switch (matrix) {
    case 0:
      return inputs;
    case 4:
      return feedForward;
    default:
      return hidden;
  }
}

/** Rows of a matrix as they stand in the file: rounded up to whole blocks of 16. */
export function transformerPaddedRows(matrix: i32, hidden: i32, feedForward: i32): i32 {
  return (transformerRows(matrix, hidden, feedForward) + 15) & ~15;
}

/** @returns bytes of a matrix: weights, multipliers, biases */
export function transformerMatrixBytes(
  matrix: i32,
  inputs: i32,
  hidden: i32,
  feedForward: i32,
): i32 {
  const columns = transformerColumns(matrix, inputs, hidden, feedForward);
  return transformerPaddedRows(matrix, hidden, feedForward) * (columns + 8);
}

/** @returns byte offset of a matrix; of the section's end for TRANSFORMER_MATRICES */
export function transformerMatrixOffset(
  matrix: i32,
  inputs: i32,
  hidden: i32,
  heads: i32,
  ring: i32,
  feedForward: i32,
): i32 {
  let at = TRANSFORMER_HEADER_BYTES + 4 * heads * ring;
  for (let before = 0; before < matrix; before++) {
    at += transformerMatrixBytes(before, inputs, hidden, feedForward);
  }
  return at;
}

/** @returns bytes of the whole section, a multiple of 16 */
export function transformerSectionBytes(
  inputs: i32,
  hidden: i32,
  heads: i32,
  ring: i32,
  feedForward: i32,
): i32 {
  return transformerMatrixOffset(TRANSFORMER_MATRICES, inputs, hidden, heads, ring, feedForward);
}

/** @returns byte offset of the ring's bookkeeping in a state block, which the hidden vector precedes */
export function transformerRingOffset(hidden: i32): i32 {
  return 2 * hidden;
}

/** @returns byte offset of the keys in a state block */
export function transformerKeysOffset(hidden: i32): i32 {
  return 2 * hidden + 16;
}

/** @returns byte offset of the values in a state block */
export function transformerValuesOffset(hidden: i32, ring: i32): i32 {
  return transformerKeysOffset(hidden) + ring * hidden;
}

/** @returns bytes of one key's state, a multiple of 16 */
export function transformerStateBytes(hidden: i32, ring: i32): i32 {
  return transformerValuesOffset(hidden, ring) + ring * hidden;
}
