// Matrix products on row-major f32. Every element is summed one product after the other along the
// inner dimension, multiplication and addition rounded apart: the block size, the vector width and
// the number of cores change no bit, and a plain triple loop is the reference.
//
// Registers hold a block of 4 rows by 8 columns, so that the inner loop is 16 vector operations on 6
// loads. Rows are a multiple of 4, columns of 8, everywhere.

const ROWS: i32 = 4;
const COLUMNS: i32 = 8;
/** Rows of a transposed product at once: both operands' parts stay in the first cache. */
const DEPTH_MAX: i32 = 64;

/**
 * One block: out[4 x 8] = sum over k of a[.][k] * b[k][.], on top of what is there if `adds`.
 * @param aRow bytes from one of a's rows to the next
 * @param aStep bytes from one k to the next in a
 */
function block(
  out: usize,
  outRow: usize,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  bRow: usize,
  k: i32,
  adds: bool,
): void {
  let a0 = a;
  let a1 = a + aRow;
  let a2 = a + 2 * aRow;
  let a3 = a + 3 * aRow;
  const out1 = out + outRow;
  const out2 = out + 2 * outRow;
  const out3 = out + 3 * outRow;
  const zero = f32x4.splat(0);
  let s00 = adds ? v128.load(out) : zero;
  let s01 = adds ? v128.load(out, 16) : zero;
  let s10 = adds ? v128.load(out1) : zero;
  let s11 = adds ? v128.load(out1, 16) : zero;
  let s20 = adds ? v128.load(out2) : zero;
  let s21 = adds ? v128.load(out2, 16) : zero;
  let s30 = adds ? v128.load(out3) : zero;
  let s31 = adds ? v128.load(out3, 16) : zero;
  for (let i = 0; i < k; i++) {
    const low = v128.load(b);
    const high = v128.load(b, 16);
    const v0 = v128.load_splat<f32>(a0);
    s00 = f32x4.add(s00, f32x4.mul(v0, low));
    s01 = f32x4.add(s01, f32x4.mul(v0, high));
    const v1 = v128.load_splat<f32>(a1);
    s10 = f32x4.add(s10, f32x4.mul(v1, low));
    s11 = f32x4.add(s11, f32x4.mul(v1, high));
    const v2 = v128.load_splat<f32>(a2);
    s20 = f32x4.add(s20, f32x4.mul(v2, low));
    s21 = f32x4.add(s21, f32x4.mul(v2, high));
    const v3 = v128.load_splat<f32>(a3);
    s30 = f32x4.add(s30, f32x4.mul(v3, low));
    s31 = f32x4.add(s31, f32x4.mul(v3, high));
    a0 += aStep;
    a1 += aStep;
    a2 += aStep;
    a3 += aStep;
    b += bRow;
  }
  v128.store(out, s00);
  v128.store(out, s01, 16);
  v128.store(out1, s10);
  v128.store(out1, s11, 16);
  v128.store(out2, s20);
  v128.store(out2, s21, 16);
  v128.store(out3, s30);
  v128.store(out3, s31, 16);
}

/** out[m x n] = a[m x k] b[k x n], or out += with `adds`. */
export function product(out: usize, a: usize, b: usize, m: i32, k: i32, n: i32, adds: bool): void {
  const aRow = (<usize>k) << 2;
  const bRow = (<usize>n) << 2;
  for (let row = 0; row < m; row += ROWS) {
    for (let column = 0; column < n; column += COLUMNS) {
      const at = (<usize>column) << 2;
      block(out + at, bRow, a, aRow, 4, b + at, bRow, k, adds);
    }
    out += <usize>ROWS * bRow;
    a += <usize>ROWS * aRow;
  }
}

/** out[m x n] += transposed(a[k x m]) b[k x n]: a weight's gradient over k samples. */
export function productOfTransposed(out: usize, a: usize, b: usize, k: i32, m: i32, n: i32): void {
  const aRow = (<usize>m) << 2;
  const bRow = (<usize>n) << 2;
  for (let from = 0; from < k; from += DEPTH_MAX) {
    const depth = min(DEPTH_MAX, k - from);
    for (let row = 0; row < m; row += ROWS) {
      const outRow = out + <usize>row * bRow;
      const aColumn = a + ((<usize>row) << 2);
      for (let column = 0; column < n; column += COLUMNS) {
        const at = (<usize>column) << 2;
        block(outRow + at, bRow, aColumn, 4, aRow, b + at, bRow, depth, true);
      }
    }
    a += <usize>depth * aRow;
    b += <usize>depth * bRow;
  }
}

/** out[n x m] = transposed(a[m x n]); any sizes. */
export function transpose(out: usize, a: usize, m: i32, n: i32): void {
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      const value = load<f32>(a + ((<usize>(row * n + column)) << 2));
      store<f32>(out + ((<usize>(column * m + row)) << 2), value);
    }
  }
}
