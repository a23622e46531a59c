// Eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub, Van Loan, "Matrix
// Computations", 8.5). Slower than reducing to tridiagonal form first, but thirty lines, accurate for
// small eigenvalues, and made of basic arithmetic alone, so that the same matrix gives the same bits
// everywhere.

export interface Eigenpairs {
  /** Descending. */
  readonly values: Float64Array;
  /** Row k is the unit vector of values[k]. */
  readonly vectors: Float64Array;
}

const SWEEPS_MAX = 40;
/** Off-diagonal mass, as a share of the whole, at which the matrix counts as diagonal. */
const DIAGONAL = 1e-24;

/** @param matrix n * n, symmetric; left alone */
export function symmetricEigen(matrix: Float64Array, n: number): Eigenpairs {
  const a = Float64Array.from(matrix);
  // Rows of `v` are the vectors, so that a rotation runs along memory.
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  const whole = a.reduce((sum, value) => sum + value * value, 0);
  for (let sweep = 0; sweep < SWEEPS_MAX && offDiagonal(a, n) > DIAGONAL * whole; sweep++) {
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) if (a[p * n + q] !== 0) rotate(a, v, n, p, q);
    }
  }
  return sorted(a, v, n);
}

function offDiagonal(a: Float64Array, n: number): number {
  let sum = 0;
  for (let p = 0; p < n; p++) {
    for (let q = p + 1; q < n; q++) sum += 2 * a[p * n + q]! * a[p * n + q]!;
  }
  return sum;
}

/** Turns the plane of axes p and q so that the matrix's element (p, q) becomes 0. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * a[p * n + q]!);
  const size = 1 / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const tangent = theta < 0 ? -size : size;
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q, cosine, sine);
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k, cosine, sine);
  for (let k = 0; k < n; k++) turn(v, p * n + k, q * n + k, cosine, sine);
}

function turn(values: Float64Array, i: number, j: number, cosine: number, sine: number): void {
  const x = values[i]!;
  const y = values[j]!;
  values[i] = cosine * x - sine * y;
  values[j] = sine * x + cosine * y;
}

function sorted(a: Float64Array, v: Float64Array, n: number): Eigenpairs {
  const order = Array.from({ length: n }, (_, i) => i);
  order.sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => vectors.set(v.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, (i) => a[i * n + i]!), vectors };
}
