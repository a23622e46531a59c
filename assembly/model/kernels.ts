// The integer kernels of the scorer, each twice: with SIMD128 and scalar. The scalar ones are not a
// fallback (every supported proxy has SIMD) but the proof: both and the host tool's reference must
// agree bit for bit. Not relaxed SIMD: its results may differ between machines.
//
// Formats and the weights' interleaving are drawn in contract/artifact.ts; the activation is
// derived in the host tool's activation-table.ts.
//
// No accumulator overflows: a product of int8 and int16 is at most 2^22, a row has at most
// ACCUMULATOR_COLUMNS_MAX columns (inputs counted 2^inputShift times), a bias at most 2^28, and
// validate.ts refuses artifacts beyond: 447 * 2^22 + 2^28 < 2^31. i32x4.dot_i16x8_s itself could
// only wrap at -32768 * -32768 twice, and one factor is a widened int8.

import { ROW_BLOCK } from "../contract/artifact";
import { ACTIVATION_TABLE } from "./luts.gen";

/** Bytes of one pair of columns in a block of 16 rows. */
const PAIR_BYTES: usize = 32;
/** Bytes of the table per coefficient. */
const PIECE_BYTES: usize = 16;

/**
 * Rows of int8 weights times an int16 vector, requantised to int16:
 *   out[r] = requantise((sum of x << inputShift) + (sum of h) + bias[r])
 * @param out i16[rows], rows a multiple of 16
 * @param x i16[inputs], may be 0 long; `inputs` and `hidden` are multiples of 8
 * @param multipliers i32[rows] in [0, 2^31); shift in [31, 60], one for all rows
 */
export function gemvSimd(
  out: usize,
  rows: i32,
  weights: usize,
  multipliers: usize,
  biases: usize,
  shift: i32,
  x: usize,
  inputs: i32,
  inputShift: i32,
  h: usize,
  hidden: i32,
): void {
  // Added before a logical shift, so that it acts as an arithmetic one (SSE has no 64-bit
  // arithmetic shift): the sum with 2^62 is positive, and 2^62 >> shift is taken off again, modulo
  // 2^32.
  const rounding = i64x2.splat((1 << 62) + ((<i64>1) << (shift - 1)));
  const offset = i32x4.splat(<i32>(((<i64>1) << 62) >> shift));
  for (let row = 0; row < rows; row += ROW_BLOCK) {
    let a0 = i32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    // First the inputs, whose sum is then shifted to the hidden state's unit, then the hidden
    // state.
    for (let part = 0; part < 2; part++) {
      let p = part == 0 ? x : h;
      const end = p + ((<usize>(part == 0 ? inputs : hidden)) << 1);
      for (; p < end; p += 8) {
        const first = v128.load_splat<u32>(p);
        const second = v128.load_splat<u32>(p, 4);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(v128.load_ext<i8>(weights), first));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(v128.load_ext<i8>(weights, 8), first));
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(v128.load_ext<i8>(weights, 16), first));
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(v128.load_ext<i8>(weights, 24), first));
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(v128.load_ext<i8>(weights, 32), second));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(v128.load_ext<i8>(weights, 40), second));
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(v128.load_ext<i8>(weights, 48), second));
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(v128.load_ext<i8>(weights, 56), second));
        weights += 2 * PAIR_BYTES;
      }
      const unit = part == 0 ? inputShift : 0;
      a0 = i32x4.shl(a0, unit);
      a1 = i32x4.shl(a1, unit);
      a2 = i32x4.shl(a2, unit);
      a3 = i32x4.shl(a3, unit);
    }
    const at = (<usize>row) << 2;
    a0 = requantiseSimd(a0, biases + at, multipliers + at, rounding, offset, shift);
    a1 = requantiseSimd(a1, biases + at + 16, multipliers + at + 16, rounding, offset, shift);
    a2 = requantiseSimd(a2, biases + at + 32, multipliers + at + 32, rounding, offset, shift);
    a3 = requantiseSimd(a3, biases + at + 48, multipliers + at + 48, rounding, offset, shift);
    v128.store(out + ((<usize>row) << 1), i16x8.narrow_i32x4_s(a0, a1));
    v128.store(out + ((<usize>row) << 1), i16x8.narrow_i32x4_s(a2, a3), 16);
  }
}

// @ts-ignore: decorator
@inline
function requantiseSimd(
  sum: v128,
  biases: usize,
  multipliers: usize,
  rounding: v128,
  offset: v128,
  shift: i32,
): v128 {
  const total = i32x4.add(sum, v128.load(biases));
  const multiplier = v128.load(multipliers);
  let low = i64x2.extmul_low_i32x4_s(total, multiplier);
  let high = i64x2.extmul_high_i32x4_s(total, multiplier);
  low = i64x2.shr_u(i64x2.add(low, rounding), shift);
  high = i64x2.shr_u(i64x2.add(high, rounding), shift);
  return i32x4.sub(v128.shuffle<i32>(low, high, 0, 2, 4, 6), offset);
}

/** The same as gemvSimd, one row and one column at a time. */
export function gemvScalar(
  out: usize,
  rows: i32,
  weights: usize,
  multipliers: usize,
  biases: usize,
  shift: i32,
  x: usize,
  inputs: i32,
  inputShift: i32,
  h: usize,
  hidden: i32,
): void {
  const rounding = (<i64>1) << (shift - 1);
  const columns = inputs + hidden;
  for (let row = 0; row < rows; row++) {
    let p = weights + <usize>((row >> 4) * ROW_BLOCK * columns + (row & 15) * 2);
    let sum: i32 = 0;
    for (let column = 0; column < inputs; column += 2) {
      sum += <i32>load<i8>(p) * <i32>load<i16>(x + ((<usize>column) << 1));
      sum += <i32>load<i8>(p, 1) * <i32>load<i16>(x + ((<usize>column) << 1), 2);
      p += PAIR_BYTES;
    }
    sum <<= inputShift;
    for (let column = 0; column < hidden; column += 2) {
      sum += <i32>load<i8>(p) * <i32>load<i16>(h + ((<usize>column) << 1));
      sum += <i32>load<i8>(p, 1) * <i32>load<i16>(h + ((<usize>column) << 1), 2);
      p += PAIR_BYTES;
    }
    sum += load<i32>(biases + ((<usize>row) << 2));
    const scaled = (<i64>sum * load<i32>(multipliers + ((<usize>row) << 2)) + rounding) >> shift;
    store<i16>(out + ((<usize>row) << 1), saturate16(scaled));
  }
}

// @ts-ignore: decorator
@inline
function saturate16(value: i64): i32 {
  return <i32>min<i64>(max<i64>(value, -32768), 32767);
}

/**
 * The LSTM's cell after its gates: reads z = i16[4 * hidden] (input, forget, candidate, output,
 * Q12), updates cell (Q12) and hidden state (Q15) in place.
 *   c = saturate(f * c + (i * g, Q15 to Q12 with rounding)),  h = o * tanh(c)
 * @param hidden a multiple of 8
 */
export function cellSimd(z: usize, cell: usize, h: usize, hidden: i32): void {
  const stride = (<usize>hidden) << 1;
  const end = z + stride;
  const four = i16x8.splat(4);
  while (z < end) {
    const inputGate = sigmoidSimd(v128.load(z));
    const forgetGate = sigmoidSimd(v128.load(z + stride));
    const candidate = tanhSimd(v128.load(z + stride * 2));
    const outputGate = sigmoidSimd(v128.load(z + stride * 3));
    const fresh = i16x8.q15mulr_sat_s(inputGate, candidate);
    const kept = i16x8.q15mulr_sat_s(forgetGate, v128.load(cell));
    const next = i16x8.add_sat_s(kept, i16x8.shr_s(i16x8.add(fresh, four), 3));
    v128.store(cell, next);
    v128.store(h, i16x8.q15mulr_sat_s(outputGate, tanhSimd(next)));
    z += 16;
    cell += 16;
    h += 16;
  }
}

/** Logistic function, Q12 to Q15, eight at once; in [11, 32757]. */
// @ts-ignore: decorator
@inline
export function sigmoidSimd(z: v128): v128 {
  const half = i16x8.shr_s(i16x8.add(oddSimd(z), i16x8.splat(1)), 1);
  return i16x8.add(half, i16x8.splat(16384));
}

/** Hyperbolic tangent, Q12 to Q15, eight at once. */
// @ts-ignore: decorator
@inline
export function tanhSimd(z: v128): v128 {
  return oddSimd(i16x8.add_sat_s(z, z));
}

/** sigmoid(z) - 1/2: Q12 to Q16, eight at once. */
// @ts-ignore: decorator
@inline
function oddSimd(z: v128): v128 {
  const magnitude = i16x8.min_u(i16x8.abs(z), i16x8.splat(32767));
  // Byte indices 2 * piece and 2 * piece + 1 of each lane's coefficient.
  const piece = i16x8.shr_u(magnitude, 12);
  const index = i16x8.add(i16x8.mul(piece, i16x8.splat(0x0202)), i16x8.splat(0x0100));
  const t = v128.and(i16x8.shl(magnitude, 3), i16x8.splat(0x7fff));
  const c0 = v128.load(ACTIVATION_TABLE);
  const c1 = v128.load(ACTIVATION_TABLE, PIECE_BYTES);
  const c2 = v128.load(ACTIVATION_TABLE, PIECE_BYTES * 2);
  const c3 = v128.load(ACTIVATION_TABLE, PIECE_BYTES * 3);
  let y = i16x8.q15mulr_sat_s(v128.swizzle(c3, index), t);
  y = i16x8.q15mulr_sat_s(i16x8.add(y, v128.swizzle(c2, index)), t);
  y = i16x8.q15mulr_sat_s(i16x8.add(y, v128.swizzle(c1, index)), t);
  y = i16x8.add(y, v128.swizzle(c0, index));
  const sign = i16x8.shr_s(z, 15);
  return i16x8.sub(v128.xor(y, sign), sign);
}

/** The same as cellSimd, one unit at a time. */
export function cellScalar(z: usize, cell: usize, h: usize, hidden: i32): void {
  const stride = (<usize>hidden) << 1;
  for (let unit: usize = 0; unit < stride; unit += 2) {
    const inputGate = sigmoidQ15(load<i16>(z + unit));
    const forgetGate = sigmoidQ15(load<i16>(z + unit + stride));
    const candidate = tanhQ15(load<i16>(z + unit + stride * 2));
    const outputGate = sigmoidQ15(load<i16>(z + unit + stride * 3));
    const fresh = multiplyQ15(inputGate, candidate);
    const kept = multiplyQ15(forgetGate, load<i16>(cell + unit));
    const next = min<i32>(max<i32>(kept + ((fresh + 4) >> 3), -32768), 32767);
    store<i16>(cell + unit, next);
    store<i16>(h + unit, multiplyQ15(outputGate, tanhQ15(next)));
  }
}

/** Logistic function, Q12 to Q15; error below 7.4e-5 within +-8, 3.4e-4 beyond. */
export function sigmoidQ15(z: i32): i32 {
  return 16384 + ((odd(z) + 1) >> 1);
}

/** Hyperbolic tangent, Q12 to Q15; error below 1.2e-4 within +-4, 6.8e-4 beyond. */
export function tanhQ15(z: i32): i32 {
  return odd(min<i32>(max<i32>(2 * z, -32768), 32767));
}

function odd(z: i32): i32 {
  const magnitude = min<i32>(abs<i32>(z), 32767);
  const at = ACTIVATION_TABLE + <usize>((magnitude >> 12) << 1);
  const t = (magnitude & 4095) << 3;
  let y = multiplyQ15(load<i16>(at, PIECE_BYTES * 3), t);
  y = multiplyQ15(y + load<i16>(at, PIECE_BYTES * 2), t);
  y = multiplyQ15(y + load<i16>(at, PIECE_BYTES), t) + load<i16>(at);
  return z < 0 ? -y : y;
}

/** Rounding Q15 product of two int16; no operand here is -32768 twice, so it never saturates. */
// @ts-ignore: decorator
@inline
export function multiplyQ15(a: i32, b: i32): i32 {
  return (a * b + 0x4000) >> 15;
}
