// Pointers into the Transformer's section of an artifact, so that a step reaches its numbers by one
// load each. Not a parsed copy: the section's bytes are the layer.

import {
  TRANSFORMER_AT_FEED_FORWARD,
  TRANSFORMER_AT_HEADS,
  TRANSFORMER_AT_RING,
  TRANSFORMER_AT_SHIFTS,
  TRANSFORMER_HEADER_BYTES,
  TRANSFORMER_MATRICES,
  transformerColumns,
  transformerMatrixOffset,
  transformerPaddedRows,
} from "../contract/transformer-sections";

/** One matrix of the section. */
// @ts-ignore: decorator
@unmanaged
@final
export class TransformerMatrixView {
  /** Padded to whole blocks of 16. */
  rows: i32;
  columns: i32;
  shift: i32;
  /** Interleaved i8[rows * columns]. */
  weights: usize;
  /** i32[rows] each. */
  multipliers: usize;
  biases: usize;
}

/** Shape and age bias; the matrices' views follow it in memory. */
// @ts-ignore: decorator
@unmanaged
@final
export class TransformerWeights {
  inputs: i32;
  /** d. */
  hidden: i32;
  heads: i32;
  ring: i32;
  feedForward: i32;
  /** i16[heads][2 * ring]. */
  ageBias: usize;
}

const VIEW_BYTES: usize = offsetof<TransformerMatrixView>();

/** Bytes of the shape and all views. */
export const TRANSFORMER_WEIGHTS_BYTES: usize =
  offsetof<TransformerWeights>() + VIEW_BYTES * <usize>TRANSFORMER_MATRICES;

// @ts-ignore: decorator
@inline
export function matrixView(weights: TransformerWeights, matrix: i32): TransformerMatrixView {
  const views = changetype<usize>(weights) + offsetof<TransformerWeights>();
  return changetype<TransformerMatrixView>(views + VIEW_BYTES * <usize>matrix);
}

/**
 * Points `weights` at a section.
 * @param section whose shape transformerShapeHolds accepted and whose bytes are all there, aligned to 16
 * @param inputs D, hidden d of the artifact
 */
export function mapTransformer(
  section: usize,
  inputs: i32,
  hidden: i32,
  weights: TransformerWeights,
): void {
  const heads = load<i32>(section, TRANSFORMER_AT_HEADS);
  const ring = load<i32>(section, TRANSFORMER_AT_RING);
  const feedForward = load<i32>(section, TRANSFORMER_AT_FEED_FORWARD);
  weights.inputs = inputs;
  weights.hidden = hidden;
  weights.heads = heads;
  weights.ring = ring;
  weights.feedForward = feedForward;
  weights.ageBias = section + TRANSFORMER_HEADER_BYTES;
  for (let matrix = 0; matrix < TRANSFORMER_MATRICES; matrix++) {
    const view = matrixView(weights, matrix);
    const rows = transformerPaddedRows(matrix, hidden, feedForward);
    const columns = transformerColumns(matrix, inputs, hidden, feedForward);
    const at = transformerMatrixOffset(matrix, inputs, hidden, heads, ring, feedForward);
    view.rows = rows;
    view.columns = columns;
    view.shift = load<i32>(section + ((<usize>matrix) << 2), TRANSFORMER_AT_SHIFTS);
    view.weights = section + <usize>at;
    view.multipliers = view.weights + <usize>(rows * columns);
    view.biases = view.multipliers + ((<usize>rows) << 2);
  }
}
