// Rounds trained numbers to what the integer kernels compute with. Symmetric int8 per row and not
// per matrix: rows of an LSTM differ tenfold in size, and one scale would cost the small ones their
// bits.
//
// A row's scale is s = max|w| / 127. With operands in a unit of 1 / one (h in Q15; x in Q12 shifted
// left by 3 to meet it), the accumulator counts in units of s / one, and a result in Q12 is
// sum * s * 4096 / one = sum * multiplier / 2^shift.

import {
  BIAS_MAX,
  REQUANTISE_SHIFT_MAX,
  REQUANTISE_SHIFT_MIN,
  RESIDUAL_MULTIPLIER_MAX,
  paddedRows,
} from "../contract";
import { GanglionError } from "../lib/errors";
import { ONE_Q12 } from "./q12";
import { ReferenceScorer } from "./reference";
import type { QuantisedMatrix, ScorerArtifact, SelfTestStep } from "./scorer-artifact";

/** 1.0 of a hidden state, Q15. */
export const HIDDEN_ONE = 32768;

/** One matrix in floating point. */
export interface FloatMatrixView {
  /** Row-major, rows * columns. */
  readonly weights: ArrayLike<number>;
  /** One per row. */
  readonly biases: ArrayLike<number>;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Rounds one matrix whose operands are hidden states (or inputs shifted to their unit).
 * @param weights row-major, rows * columns
 * @throws GanglionError E_MODEL_RANGE when a weight is not finite or larger than an artifact can
 * carry
 */
export function quantiseMatrix(
  weights: ArrayLike<number>,
  biases: ArrayLike<number>,
  rows: number,
  columns: number,
): QuantisedMatrix {
  return quantiseMatrices([{ weights, biases, rows, columns }])[0]!;
}

/**
 * Rounds matrices to one common shift.
 * @param one what 1.0 of the operands is in the accumulator: 32768 or, of Q12 operands, 4096
 * @throws GanglionError E_MODEL_RANGE when a weight is not finite or larger than an artifact can
 * carry
 */
export function quantiseMatrices(
  matrices: readonly FloatMatrixView[],
  one: number = HIDDEN_ONE,
): QuantisedMatrix[] {
  const scales = matrices.map((matrix) => rowScales(matrix, one));
  const ratio = ONE_Q12 / one;
  const shift = commonShift(Math.max(...scales.map((list) => Math.max(...list))) * ratio, ratio);
  return matrices.map((matrix, i) => roundMatrix(matrix, scales[i]!, one, shift));
}

/** What one unit of int8 is worth in each row. */
function rowScales({ weights, biases, rows, columns }: FloatMatrixView, one: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let largest = 0;
    for (let i = 0; i < columns; i++) {
      const weight = Math.abs(weights[row * columns + i]!);
      if (!Number.isFinite(weight)) throw rangeError(`a weight of row ${row} is not finite`);
      largest = Math.max(largest, weight);
    }
    // A row of tiny weights takes a scale at which its bias still fits.
    const forBias = (Math.abs(biases[row]!) * one) / (BIAS_MAX - 1);
    if (!Number.isFinite(forBias)) throw rangeError(`the bias of row ${row} is not finite`);
    return Math.max(largest / 127, forBias, 1e-9);
  });
}

function roundMatrix(
  { weights, biases, rows, columns }: FloatMatrixView,
  scales: Float64Array,
  one: number,
  shift: number,
): QuantisedMatrix {
  const matrix = {
    rows,
    columns,
    shift,
    weights: new Int8Array(rows * columns),
    multipliers: new Int32Array(rows),
    biases: new Int32Array(rows),
  };
  for (let row = 0; row < rows; row++) {
    const scale = scales[row]!;
    for (let i = 0; i < columns; i++) {
      const rounded = Math.round(weights[row * columns + i]! / scale);
      matrix.weights[row * columns + i] = Math.max(-127, Math.min(127, rounded));
    }
    matrix.multipliers[row] = Math.round((scale * ONE_Q12 * 2 ** shift) / one);
    matrix.biases[row] = Math.round((biases[row]! * one) / scale);
  }
  return matrix;
}

/** The largest shift at which the largest factor still fits 31 bits. */
function commonShift(largestFactor: number, ratio: number): number {
  let shift = REQUANTISE_SHIFT_MIN;
  if (largestFactor * 2 ** shift >= 2 ** 31 - 1) {
    throw rangeError(`a weight exceeds ${127 / ratio}`);
  }
  while (shift < REQUANTISE_SHIFT_MAX && largestFactor * 2 ** (shift + 1) < 2 ** 31 - 1) shift++;
  return shift;
}

function rangeError(problem: string): GanglionError {
  return new GanglionError("E_MODEL_RANGE", `cannot quantise the model: ${problem}`, {
    hint: "The training diverged; train again with another --seed or on cleaner traffic.",
  });
}

/** The weight that a quantised matrix stands for, for error figures. */
export function dequantise(
  matrix: QuantisedMatrix,
  row: number,
  column: number,
  one: number = HIDDEN_ONE,
): number {
  const scale = (matrix.multipliers[row]! / 2 ** matrix.shift / ONE_Q12) * one;
  return matrix.weights[row * matrix.columns + column]! * scale;
}

/**
 * Multiplier that maps a ratio of the given size to 1.0 in Q8.
 * @param ratioQ8 residual or drift over the route's scale; below 1/4 counts as 1/4
 */
export function ratioMultiplier(ratioQ8: number): number {
  const multiplier = Math.round((256 * 4096) / Math.max(64, ratioQ8));
  return Math.max(1, Math.min(RESIDUAL_MULTIPLIER_MAX, multiplier));
}

/** The artifact with a self-test: the given inputs and what the reference makes of them. */
export function withSelfTest(
  artifact: Omit<ScorerArtifact, "selfTest">,
  inputs: readonly Int16Array[],
): ScorerArtifact {
  const complete: ScorerArtifact = { ...artifact, selfTest: [] };
  return { ...complete, selfTest: runSelfTest(complete, inputs) };
}

/** What the reference computes for a list of input vectors, from a fresh state on. */
export function runSelfTest(
  artifact: ScorerArtifact,
  inputs: readonly Int16Array[],
): SelfTestStep[] {
  const scorer = new ReferenceScorer(artifact);
  return inputs.map((input) => {
    // The filter compares before it advances, so a record's surprise belongs to the step's own
    // input.
    const { surprise, evidence } = scorer.step(input);
    return { input, prediction: scorer.prediction.slice(), surprise, evidence };
  });
}

/** Whether the artifact's expected self-test results are those of the reference. */
export function selfTestPasses(artifact: ScorerArtifact): boolean {
  const rows = paddedRows(artifact.outputs);
  const actual = runSelfTest(
    artifact,
    artifact.selfTest.map((step) => step.input),
  );
  return actual.every((step, i) => {
    const expected = artifact.selfTest[i]!;
    for (let row = 0; row < rows; row++) {
      if (step.prediction[row] !== expected.prediction[row]) return false;
    }
    return step.surprise === expected.surprise && step.evidence === expected.evidence;
  });
}
