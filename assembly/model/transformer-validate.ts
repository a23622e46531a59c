// Whether bytes are a Transformer section whose step can run without checks. Everything that the
// kernels rely on is checked here once; contract/transformer-sections.ts draws the layout.

import { BIAS_MAX, REQUANTISE_SHIFT_MAX, REQUANTISE_SHIFT_MIN } from "../contract/artifact";
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
  transformerRows,
  transformerSectionBytes,
  transformerShapeHolds,
} from "../contract/transformer-sections";

/**
 * Bytes of the section by its own header.
 * @param section aligned to 16
 * @param available bytes from there to the end of what was delivered
 * @param inputs D and hidden d, whose bounds the artifact's header holds
 * @returns 0 when the shape is none that the kernels run, or does not fit
 */
export function transformerBytes(section: usize, available: i32, inputs: i32, hidden: i32): i32 {
  if (available < TRANSFORMER_HEADER_BYTES) return 0;
  const heads = load<i32>(section, TRANSFORMER_AT_HEADS);
  const ring = load<i32>(section, TRANSFORMER_AT_RING);
  const feedForward = load<i32>(section, TRANSFORMER_AT_FEED_FORWARD);
  if (!transformerShapeHolds(hidden, heads, ring, feedForward)) return 0;
  const bytes = transformerSectionBytes(inputs, hidden, heads, ring, feedForward);
  return bytes <= available ? bytes : 0;
}

/**
 * Whether the numbers of a section whose bytes are all there can be computed with.
 * @param section whose transformerBytes are not 0
 */
export function validateTransformer(section: usize, inputs: i32, hidden: i32): bool {
  const heads = load<i32>(section, TRANSFORMER_AT_HEADS);
  const ring = load<i32>(section, TRANSFORMER_AT_RING);
  const feedForward = load<i32>(section, TRANSFORMER_AT_FEED_FORWARD);
  if (!ageBiasHolds(section + TRANSFORMER_HEADER_BYTES, heads, ring)) return false;
  for (let matrix = 0; matrix < TRANSFORMER_MATRICES; matrix++) {
    const shift = load<i32>(section + ((<usize>matrix) << 2), TRANSFORMER_AT_SHIFTS);
    if (shift < REQUANTISE_SHIFT_MIN || shift > REQUANTISE_SHIFT_MAX) return false;
    const at = transformerMatrixOffset(matrix, inputs, hidden, heads, ring, feedForward);
    const rows = transformerRows(matrix, hidden, feedForward);
    const padded = transformerPaddedRows(matrix, hidden, feedForward);
    const columns = transformerColumns(matrix, inputs, hidden, feedForward);
    if (!matrixHolds(section + <usize>at, rows, padded, columns)) return false;
  }
  return true;
}

/** Both halves of every head's ages are equal. */
function ageBiasHolds(ageBias: usize, heads: i32, ring: i32): bool {
  const half = (<usize>ring) << 1;
  for (let head = 0; head < heads; head++) {
    if (memory.compare(ageBias, ageBias + half, half) != 0) return false;
    ageBias += half << 1;
  }
  return true;
}

/** Multipliers and biases within bounds; rows of padding all zero. */
function matrixHolds(weights: usize, rows: i32, padded: i32, columns: i32): bool {
  const multipliers = weights + <usize>(padded * columns);
  const biases = multipliers + ((<usize>padded) << 2);
  for (let row = 0; row < padded; row++) {
    const multiplier = load<i32>(multipliers + ((<usize>row) << 2));
    const bias = load<i32>(biases + ((<usize>row) << 2));
    if (multiplier < 0 || bias < -BIAS_MAX || bias > BIAS_MAX) return false;
    if (row >= rows && (multiplier | bias) != 0) return false;
  }
  return true;
}
