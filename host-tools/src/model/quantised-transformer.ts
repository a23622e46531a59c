// A quantised Transformer layer as values, and its bytes. Matrices are row-major here; the
// interleaving, the padding and the doubled age bias are the file's and made here.

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
  weightOffset,
} from "../contract";
import { GanglionError } from "../lib/errors";
import type { QuantisedMatrix } from "./scorer-artifact";

export interface TransformerShape {
  /** D, a multiple of 8. */
  readonly inputs: number;
  /** d, a multiple of 8; with 4 heads a multiple of 16. */
  readonly hidden: number;
  /** 1, 2 or 4. */
  readonly heads: number;
  /** Steps that the layer looks back on, 8 or 16, the present one included. */
  readonly ring: number;
  /** F, a multiple of 16. */
  readonly feedForward: number;
}

/**
 * The usual layer for a hidden size: two heads, twice as many expanded values, and as long a ring as keeps
 * the state of a route with 24 outputs within a kilobyte (up to 40 hidden values).
 */
export function defaultTransformerShape(inputs: number, hidden: number): TransformerShape {
  return { inputs, hidden, heads: 2, ring: hidden <= 16 ? 16 : 8, feedForward: 2 * hidden };
}

export interface QuantisedTransformer {
  readonly shape: TransformerShape;
  /** Q11, powers of two: [heads][ring], age 0 (the present step) first. */
  readonly ageBias: Int16Array;
  /** By TransformerMatrix: embed, attend, merge, expand, contract. */
  readonly matrices: readonly QuantisedMatrix[];
}

/** Bytes of the layer in an artifact. */
export function sectionBytes({
  inputs,
  hidden,
  heads,
  ring,
  feedForward,
}: TransformerShape): number {
  return transformerSectionBytes(inputs, hidden, heads, ring, feedForward);
}

function offsetOf(shape: TransformerShape, matrix: number): number {
  const { inputs, hidden, heads, ring, feedForward } = shape;
  return transformerMatrixOffset(matrix, inputs, hidden, heads, ring, feedForward);
}

/** Writes the layer as it stands in an artifact. */
export function encodeTransformer(model: QuantisedTransformer): Uint8Array {
  const { shape } = model;
  const bytes = new Uint8Array(sectionBytes(shape));
  const view = new DataView(bytes.buffer);
  view.setInt32(TRANSFORMER_AT_HEADS, shape.heads, true);
  view.setInt32(TRANSFORMER_AT_RING, shape.ring, true);
  view.setInt32(TRANSFORMER_AT_FEED_FORWARD, shape.feedForward, true);
  for (let head = 0; head < shape.heads; head++) {
    for (let i = 0; i < 2 * shape.ring; i++) {
      const age = (2 * shape.ring - 1 - i) % shape.ring;
      const at = TRANSFORMER_HEADER_BYTES + 2 * (2 * shape.ring * head + i);
      view.setInt16(at, model.ageBias[shape.ring * head + age]!, true);
    }
  }
  model.matrices.forEach((matrix, index) => {
    view.setInt32(TRANSFORMER_AT_SHIFTS + 4 * index, matrix.shift, true);
    const at = offsetOf(shape, index);
    const padded = transformerPaddedRows(index, shape.hidden, shape.feedForward);
    const multipliers = at + padded * matrix.columns;
    const biases = multipliers + 4 * padded;
    for (let row = 0; row < matrix.rows; row++) {
      for (let column = 0; column < matrix.columns; column++) {
        const weight = matrix.weights[row * matrix.columns + column]!;
        view.setInt8(at + weightOffset(row, column, matrix.columns), weight);
      }
      view.setInt32(multipliers + 4 * row, matrix.multipliers[row]!, true);
      view.setInt32(biases + 4 * row, matrix.biases[row]!, true);
    }
  });
  return bytes;
}

/**
 * Reads a layer back.
 * @param bytes from the section's first byte on; what follows the section is not looked at
 * @throws GanglionError E_MODEL_TRANSFORMER when the shape is none that the filter runs
 */
export function decodeTransformer(
  bytes: Uint8Array,
  inputs: number,
  hidden: number,
): QuantisedTransformer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const short = bytes.length < TRANSFORMER_HEADER_BYTES;
  const read = (at: number) => (short ? 0 : view.getInt32(at, true));
  const shape = {
    inputs,
    hidden,
    heads: read(TRANSFORMER_AT_HEADS),
    ring: read(TRANSFORMER_AT_RING),
    feedForward: read(TRANSFORMER_AT_FEED_FORWARD),
  };
  const known = transformerShapeHolds(hidden, shape.heads, shape.ring, shape.feedForward);
  if (!known || sectionBytes(shape) > bytes.length) {
    throw new GanglionError(
      "E_MODEL_TRANSFORMER",
      `no Transformer of this filter: ${bytes.length} bytes for ${hidden} hidden values, ` +
        `${shape.heads} heads, a ring of ${shape.ring} and ${shape.feedForward} expanded values`,
      { hint: "The file is damaged or was written by another version; train or export it again." },
    );
  }
  const ageBias = new Int16Array(shape.heads * shape.ring);
  for (let head = 0; head < shape.heads; head++) {
    for (let age = 0; age < shape.ring; age++) {
      const entry = 2 * shape.ring * head + shape.ring - 1 - age;
      ageBias[shape.ring * head + age] = view.getInt16(TRANSFORMER_HEADER_BYTES + 2 * entry, true);
    }
  }
  const matrices = Array.from({ length: TRANSFORMER_MATRICES }, (_, index) =>
    decodeMatrix(view, shape, index),
  );
  return { shape, ageBias, matrices };
}

function decodeMatrix(view: DataView, shape: TransformerShape, index: number): QuantisedMatrix {
  const { inputs, hidden, feedForward } = shape;
  const rows = transformerRows(index, hidden, feedForward);
  const padded = transformerPaddedRows(index, hidden, feedForward);
  const columns = transformerColumns(index, inputs, hidden, feedForward);
  const at = offsetOf(shape, index);
  const multipliers = at + padded * columns;
  const biases = multipliers + 4 * padded;
  return {
    rows,
    columns,
    shift: view.getInt32(TRANSFORMER_AT_SHIFTS + 4 * index, true),
    weights: Int8Array.from({ length: rows * columns }, (_, i) =>
      view.getInt8(at + weightOffset(Math.floor(i / columns), i % columns, columns)),
    ),
    multipliers: Int32Array.from({ length: rows }, (_, row) =>
      view.getInt32(multipliers + 4 * row, true),
    ),
    biases: Int32Array.from({ length: rows }, (_, row) => view.getInt32(biases + 4 * row, true)),
  };
}
