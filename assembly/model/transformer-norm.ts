// Root mean square norm of the residual stream (Zhang, Sennrich 2019), integers only, once with SIMD128
// and once scalar. No gain per column: the matrix behind each norm has it in its columns.
//
//   norm(r) = r / sqrt(mean of r^2 + 2^-10)      r Q10, result Q13, saturating at +-4
//
// With S = sum of r^2 + d 2^10 = m 4^e, m in [1, 4): norm(r) = r * sqrt(d) / sqrt(m) >> (e - 1), the root
// of m from a table of 97 knots. Relative error below 3e-4, the same for all columns of a vector, beside
// the rounding to Q13. S is below 2^37 for d = 64, hence 64 bits; e lies in [6, 18].

import { NORM_EPSILON_Q20 } from "../contract/transformer-sections";
import { INVERSE_ROOT_TABLE, ROOT_GAINS } from "./transformer-luts.gen";

/**
 * @param out i16[hidden], Q13
 * @param r i16[hidden], Q10; hidden a multiple of 8 up to 64
 */
export function normSimd(out: usize, r: usize, hidden: i32): void {
  const end = r + ((<usize>hidden) << 1);
  let sums = i64x2.splat(0);
  for (let p = r; p < end; p += 16) {
    const values = v128.load(p);
    // Two squares of -32768 make 2^31: unsigned from here on.
    const pairs = i32x4.dot_i16x8_s(values, values);
    sums = i64x2.add(sums, i64x2.extend_low_i32x4_u(pairs));
    sums = i64x2.add(sums, i64x2.extend_high_i32x4_u(pairs));
  }
  const sum = i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1);
  const packed = inverseRoot(sum, hidden);
  const shift = packed >> 16;
  const factor = i16x8.splat(<i16>packed);
  const rounding = i32x4.splat((1 << shift) >> 1);
  for (let p = r; p < end; p += 16) {
    const values = v128.load(p);
    const low = i32x4.add(i32x4.extmul_low_i16x8_s(values, factor), rounding);
    const high = i32x4.add(i32x4.extmul_high_i16x8_s(values, factor), rounding);
    v128.store(out, i16x8.narrow_i32x4_s(i32x4.shr_s(low, shift), i32x4.shr_s(high, shift)));
    out += 16;
  }
}

/** The same as normSimd, one column at a time. */
export function normScalar(out: usize, r: usize, hidden: i32): void {
  const bytes = (<usize>hidden) << 1;
  let sum: i64 = 0;
  for (let at: usize = 0; at < bytes; at += 2) {
    const value = <i64>load<i16>(r + at);
    sum += value * value;
  }
  const packed = inverseRoot(sum, hidden);
  const shift = packed >> 16;
  const factor = packed & 0xffff;
  for (let at: usize = 0; at < bytes; at += 2) {
    const scaled = (<i32>load<i16>(r + at) * factor + ((1 << shift) >> 1)) >> shift;
    store<i16>(out + at, min<i32>(max<i32>(scaled, -32768), 32767));
  }
}

/**
 * What the columns are multiplied by, and the right shift after it.
 * @param sum of squares, Q20
 * @returns shift in [5, 17] << 16 | factor in [5700, 32767]
 */
function inverseRoot(sum: i64, hidden: i32): i32 {
  const total = <u64>sum + <u64>(hidden * NORM_EPSILON_Q20);
  // The mantissa's leading one stands at bit 62 or 63: an even number of places was shifted.
  const places = (<i32>clz<u64>(total)) & ~1;
  const mantissa = total << places;
  const knot = INVERSE_ROOT_TABLE + ((<usize>(mantissa >> 57) - 32) << 1);
  const between = (<i32>(mantissa >> 42)) & 0x7fff;
  const first = <i32>load<u16>(knot);
  const root = first + (((<i32>load<u16>(knot, 2) - first) * between + 0x4000) >> 15);
  const gain = <u32>load<u16>(ROOT_GAINS + ((<usize>(hidden >> 3) - 1) << 1));
  const factor = min<u32>((<u32>root * gain + 0x8000) >> 16, 32767);
  return ((30 - (places >> 1)) << 16) | (<i32>factor);
}
