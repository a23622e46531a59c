// The arithmetic of a training step, as calls on f32 arrays. Two implementations that agree to the
// last bit: kernels-wasm.ts runs build/trainer.wasm, kernels-reference.ts is plain loops and its
// judge. Matrices are row-major; sums go along the inner dimension one by one, from the first on.
//
// Arrays come from allocate and are views of one memory; lengths and columns are multiples of 8,
// rows of products of 4.

import type { AttentionShape } from "./attention-reference";

/** Columns of every matrix are a multiple of this. */
export const COLUMN_BLOCK = 8;

export interface TrainingKernels {
  /** Zeroed; at least 16 bytes apart from others. */
  allocate(length: number): Float32Array;
  allocateIntegers(length: number): Int32Array;

  /** out[m x n] = a[m x k] b[k x n]; with `adds` on top of what is there. */
  product(
    out: Float32Array,
    a: Float32Array,
    b: Float32Array,
    m: number,
    k: number,
    n: number,
    adds: boolean,
  ): void;
  /** out[m x n] += transposed(a[k x m]) b[k x n]. */
  productOfTransposed(
    out: Float32Array,
    a: Float32Array,
    b: Float32Array,
    k: number,
    m: number,
    n: number,
  ): void;
  /** out[n x m] = transposed(a[m x n]). */
  transpose(out: Float32Array, a: Float32Array, m: number, n: number): void;
  /** a[m x n] += row[n] in every row. */
  addRow(a: Float32Array, row: Float32Array, m: number, n: number): void;
  /** out[n] += the sum of the rows of a[m x n]. */
  addRowSums(out: Float32Array, a: Float32Array, m: number, n: number): void;
  /** out[n] += a[n]. */
  addInto(out: Float32Array, a: Float32Array, n: number): void;

  /** See assembly/training/lstm-cell.ts; gates are [batch][4][units]. */
  lstmForward(
    gates: Float32Array,
    before: Float32Array,
    cells: Float32Array,
    squashed: Float32Array,
    hidden: Float32Array,
    batch: number,
    units: number,
  ): void;
  lstmBackward(
    gates: Float32Array,
    before: Float32Array,
    squashed: Float32Array,
    dHidden: Float32Array,
    dCells: Float32Array,
    dGates: Float32Array,
    batch: number,
    units: number,
  ): void;
  /** See assembly/training/gru-cell.ts; sums are [batch][3][units], the tape [batch][4][units]. */
  gruForward(
    fromInputs: Float32Array,
    fromHidden: Float32Array,
    before: Float32Array,
    tape: Float32Array,
    hidden: Float32Array,
    batch: number,
    units: number,
  ): void;
  gruBackward(
    tape: Float32Array,
    before: Float32Array,
    dHidden: Float32Array,
    dInputs: Float32Array,
    dRecurrent: Float32Array,
    batch: number,
    units: number,
  ): void;

  /** See assembly/training/band-attention.ts; shares are [steps][windows][heads][ring]. */
  attentionForward(
    out: Float32Array,
    attended: Float32Array,
    bias: Float32Array,
    shares: Float32Array,
    shape: AttentionShape,
  ): void;
  attentionBackward(
    dAttended: Float32Array,
    dBias: Float32Array,
    dOut: Float32Array,
    attended: Float32Array,
    shares: Float32Array,
    shape: AttentionShape,
  ): void;

  /** See assembly/training/loss.ts; returns the sum of the losses and writes d. */
  lossAndDerivative(
    y: Float32Array,
    targets: Float32Array,
    d: Float32Array,
    kinds: Int32Array,
    levels: Float32Array,
    rows: number,
    columns: number,
    share: number,
  ): number;

  sumOfSquares(a: Float32Array, n: number): number;
  /** See assembly/training/adam.ts. */
  adamStep(
    values: Float32Array,
    gradient: Float32Array,
    means: Float32Array,
    squares: Float32Array,
    n: number,
    rate: number,
    factor: number,
    meanFactor: number,
    squareFactor: number,
  ): void;
}
