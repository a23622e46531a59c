// Rounds a trained Transformer layer to what its integer kernels compute with. int8 weights per row, as
// for the other architectures, and beyond that a unit per key and value column, because the ring
// holds them as int8 too.
//
// Those units need no calibration data. A key is w . n + b with n of root mean square 1: typically of
// the size |w|, never beyond sqrt(d) |w| + |b|. The int8 range is laid over min(4, sqrt(d)) |w| + |b|, so
// that with up to 16 hidden values a key never saturates. The units are then taken out again where the
// keys and values are used: in the queries' rows and in the merge's columns.

import {
  BIAS_MAX,
  REQUANTISE_SHIFT_MAX,
  REQUANTISE_SHIFT_MIN,
  TransformerMatrix,
} from "../contract";
import { GanglionError } from "../lib/errors";
import { LN2 } from "./exact-math";
import { type FloatMatrix, type FloatTransformerLayer, NORM_MAX } from "./float-transformer";
import type { QuantisedTransformer } from "./quantised-transformer";
import type { QuantisedMatrix } from "./scorer-artifact";

/** What one unit of each format is worth. */
const INPUT_UNIT = 2 ** -12;
const RESIDUAL_UNIT = 2 ** -10;
const NORM_UNIT = 2 ** -13;
const EXPANDED_UNIT = 2 ** -11;
const SCORE_UNIT = 2 ** -14;
const AGE_BIAS_UNIT = 2 ** -11;
/** Mixed values are in the value's unit, Q8. */
const MIXED_UNIT = 2 ** -8;

/**
 * Rounds a layer.
 * @throws GanglionError E_MODEL_RANGE when a number is not finite or larger than an artifact can carry
 */
export function quantiseTransformer(layer: FloatTransformerLayer): QuantisedTransformer {
  const { hidden, heads, inputs, feedForward } = layer.shape;
  const attend = layer.matrices[TransformerMatrix.Attend]!;
  const keyUnits = ringUnits(attend, hidden, hidden);
  const valueUnits = ringUnits(attend, 2 * hidden, hidden);
  const toPowers = 1 / (LN2 * Math.sqrt(hidden / heads));
  const queryUnits = keyUnits.map((unit) => SCORE_UNIT / (unit * toPowers));
  const residuals = new Float64Array(hidden).fill(RESIDUAL_UNIT);
  const columns = (length: number, unit: number) => new Float64Array(length).fill(unit);
  const units: [Float64Array, Float64Array][] = [
    [residuals, columns(inputs, INPUT_UNIT)],
    [Float64Array.from([...queryUnits, ...keyUnits, ...valueUnits]), columns(hidden, NORM_UNIT)],
    [residuals, valueUnits.map((unit) => unit * MIXED_UNIT)],
    [columns(feedForward, EXPANDED_UNIT), columns(hidden, NORM_UNIT)],
    [residuals, columns(feedForward, EXPANDED_UNIT)],
  ];
  return {
    shape: layer.shape,
    ageBias: Int16Array.from(layer.ageBias, (bias) => {
      if (!Number.isFinite(bias)) throw rangeError("an age bias is not finite");
      const rounded = Math.round(bias / (LN2 * AGE_BIAS_UNIT));
      return Math.max(-32768, Math.min(32767, rounded));
    }),
    matrices: layer.matrices.map((matrix, i) => quantiseRows(matrix, units[i]![0], units[i]![1])),
  };
}

/** What one unit of int8 is worth in each of `count` rows from `first` on. */
function ringUnits(matrix: FloatMatrix, first: number, count: number): Float64Array {
  const columns = matrix.weights.length / matrix.biases.length;
  const reach = Math.min(NORM_MAX, Math.sqrt(columns));
  return Float64Array.from({ length: count }, (_, i) => {
    let square = 0;
    for (let column = 0; column < columns; column++) {
      square += matrix.weights[(first + i) * columns + column]! ** 2;
    }
    const range = reach * Math.sqrt(square) + Math.abs(matrix.biases[first + i]!);
    return Math.max(range / 127, 1e-6);
  });
}

/**
 * Rounds one matrix.
 * @param rowUnits what one unit of each result is worth
 * @param columnUnits what one unit of each operand is worth
 */
function quantiseRows(
  { weights, biases }: FloatMatrix,
  rowUnits: Float64Array,
  columnUnits: Float64Array,
): QuantisedMatrix {
  const rows = rowUnits.length;
  const columns = columnUnits.length;
  // What one unit of the accumulator is worth, row by row.
  const scales = Float64Array.from(rowUnits, (_, row) => {
    let largest = 0;
    for (let i = 0; i < columns; i++) {
      const weight = Math.abs(weights[row * columns + i]! * columnUnits[i]!);
      if (!Number.isFinite(weight)) throw rangeError(`a weight of row ${row} is not finite`);
      largest = Math.max(largest, weight);
    }
    // A row of tiny weights takes a scale at which its bias still fits.
    const forBias = Math.abs(biases[row]!) / (BIAS_MAX - 1);
    if (!Number.isFinite(forBias)) throw rangeError(`the bias of row ${row} is not finite`);
    return Math.max(largest / 127, forBias, 1e-15);
  });
  const factors = scales.map((scale, row) => scale / rowUnits[row]!);
  const shift = commonShift(Math.max(...factors));
  return {
    rows,
    columns,
    shift,
    weights: Int8Array.from({ length: rows * columns }, (_, i) => {
      const rounded = Math.round(
        (weights[i]! * columnUnits[i % columns]!) / scales[Math.floor(i / columns)]!,
      );
      return Math.max(-127, Math.min(127, rounded));
    }),
    multipliers: Int32Array.from(factors, (factor) => Math.round(factor * 2 ** shift)),
    biases: Int32Array.from(biases, (bias, row) => Math.round(bias / scales[row]!)),
  };
}

/** The largest shift at which the largest factor still fits 31 bits. */
function commonShift(largestFactor: number): number {
  let shift = REQUANTISE_SHIFT_MIN;
  if (largestFactor * 2 ** shift >= 2 ** 31 - 1) throw rangeError("a weight is too large");
  while (shift < REQUANTISE_SHIFT_MAX && largestFactor * 2 ** (shift + 1) < 2 ** 31 - 1) shift++;
  return shift;
}

function rangeError(problem: string): GanglionError {
  return new GanglionError("E_MODEL_RANGE", `cannot quantise the Transformer: ${problem}`, {
    hint: "The training diverged; train again with another --seed or on cleaner traffic.",
  });
}
