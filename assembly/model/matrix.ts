// A matrix of the file times a vector, by either kernel.

import { gemvScalar, gemvSimd } from "./kernels";
import { MatrixView } from "./model";

/**
 * out = requantise((W x << inputShift) + W' h + bias), all rows of the matrix with its padding.
 * @param simd a constant at every call, so that only one of the kernels remains there
 */
// @ts-ignore: decorator
@inline
export function apply(
  matrix: MatrixView,
  out: usize,
  x: usize,
  inputs: i32,
  inputShift: i32,
  h: usize,
  hidden: i32,
  simd: bool,
): void {
  const rows = matrix.rows;
  const w = matrix.weights;
  const multipliers = matrix.multipliers;
  const biases = matrix.biases;
  const shift = matrix.shift;
  if (simd) {
    gemvSimd(out, rows, w, multipliers, biases, shift, x, inputs, inputShift, h, hidden);
  } else {
    gemvScalar(out, rows, w, multipliers, biases, shift, x, inputs, inputShift, h, hidden);
  }
}
