// The directions in which data varies most, by subspace iteration on its covariance (Golub, Van
// Loan, Matrix Computations, 8.2): a few products with a small basis, where a full decomposition of
// several hundred columns would take seconds. Deterministic: a fixed start, plain arithmetic.

import type { Prng } from "../lib/prng";
import { normal } from "../model/exact-math";

/** Products with the covariance; the error falls by the ratio of neighbouring eigenvalues each. */
const ITERATIONS = 60;
/** Directions carried along beyond those wanted: the last wanted one converges as fast as them. */
const SPARE = 4;
const SWEEPS = 30;
const NORM_LEAST = 1e-12;

/** Mean and covariance of rows. */
export interface Moments {
  readonly mean: Float64Array;
  /** size * size, symmetric. */
  readonly covariance: Float64Array;
}

/**
 * @param rows calls its argument once per row, always with an array of `size` numbers
 */
export function momentsOf(
  size: number,
  rows: (take: (row: Float64Array) => void) => void,
): Moments {
  const mean = new Float64Array(size);
  let count = 0;
  rows((row) => {
    count += 1;
    for (let i = 0; i < size; i++) mean[i] = mean[i]! + row[i]!;
  });
  for (let i = 0; i < size; i++) mean[i] = mean[i]! / Math.max(1, count);
  const covariance = new Float64Array(size * size);
  const centred = new Float64Array(size);
  rows((row) => {
    for (let i = 0; i < size; i++) centred[i] = row[i]! - mean[i]!;
    for (let i = 0; i < size; i++) {
      const value = centred[i]!;
      for (let j = i; j < size; j++) {
        covariance[i * size + j] = covariance[i * size + j]! + value * centred[j]!;
      }
    }
  });
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      const value = covariance[i * size + j]! / Math.max(1, count);
      covariance[i * size + j] = covariance[j * size + i] = value;
    }
  }
  return { mean, covariance };
}

/**
 * Unit vectors along the largest eigenvalues of a symmetric matrix, largest first.
 * @param matrix size * size, positive semidefinite
 * @returns count * size, row-major; rows beyond the matrix's rank are zero
 */
export function principalComponents(
  matrix: Float64Array,
  size: number,
  count: number,
  random: Prng,
): Float64Array {
  const carried = Math.min(size, count + SPARE);
  let basis: Float64Array = Float64Array.from({ length: carried * size }, () => normal(random));
  orthonormalise(basis, size);
  for (let i = 0; i < ITERATIONS; i++) {
    basis = multiplyRows(basis, matrix, size);
    orthonormalise(basis, size);
  }
  const small = project(basis, multiplyRows(basis, matrix, size), size);
  const { values, vectors } = jacobi(small, carried);
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
  const out = new Float64Array(count * size);
  order.slice(0, count).forEach((from, row) => {
    for (let i = 0; i < carried; i++) {
      const share = vectors[i * carried + from]!;
      for (let j = 0; j < size; j++) out[row * size + j]! += share * basis[i * size + j]!;
    }
  });
  return out;
}

/** Each row times a symmetric matrix. */
function multiplyRows(rows: Float64Array, matrix: Float64Array, size: number): Float64Array {
  const out = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += size) {
    for (let i = 0; i < size; i++) {
      const value = rows[at + i]!;
      if (value === 0) continue;
      for (let j = 0; j < size; j++) out[at + j] = out[at + j]! + value * matrix[i * size + j]!;
    }
  }
  return out;
}

/** Gram-Schmidt, twice for accuracy; a row without a direction of its own becomes zero. */
function orthonormalise(rows: Float64Array, size: number): void {
  for (let at = 0; at < rows.length; at += size) {
    const row = rows.subarray(at, at + size);
    const before = Math.sqrt(dot(row, row));
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < at; other += size) {
        const earlier = rows.subarray(other, other + size);
        const share = dot(row, earlier);
        for (let i = 0; i < size; i++) row[i] = row[i]! - share * earlier[i]!;
      }
    }
    const norm = Math.sqrt(dot(row, row));
    const factor = norm > NORM_LEAST * Math.max(1, before) ? 1 / norm : 0;
    for (let i = 0; i < size; i++) row[i] = row[i]! * factor;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** basis times transposed(image). */
function project(basis: Float64Array, image: Float64Array, size: number): Float64Array {
  const count = basis.length / size;
  const out = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const a = basis.subarray(i * size, (i + 1) * size);
      out[i * count + j] = dot(a, image.subarray(j * size, (j + 1) * size));
    }
  }
  return out;
}

/** Eigenvalues and vectors (columns) of a small symmetric matrix by Jacobi's rotations. */
export function jacobi(
  matrix: Float64Array,
  size: number,
): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const a = matrix.slice();
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rest = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        rest += Math.abs(a[p * size + q]!);
        if (a[p * size + q] !== 0) rotate(a, vectors, size, p, q);
      }
    }
    if (rest === 0) break;
  }
  return { values: Float64Array.from({ length: size }, (_, i) => a[i * size + i]!), vectors };
}

/** One rotation in the plane p, q that makes their element zero. */
function rotate(a: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * a[p * size + q]!);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(t * t + 1);
  const sine = t * cosine;
  const turn = (array: Float64Array, one: number, other: number) => {
    const [x, y] = [array[one]!, array[other]!];
    array[one] = cosine * x - sine * y;
    array[other] = sine * x + cosine * y;
  };
  for (let i = 0; i < size; i++) turn(a, i * size + p, i * size + q);
  for (let i = 0; i < size; i++) turn(a, p * size + i, q * size + i);
  for (let i = 0; i < size; i++) turn(vectors, i * size + p, i * size + q);
  a[p * size + q] = a[q * size + p] = 0;
}
