// Attention of the newest step over the ring of the last ones, integers only, once with SIMD128 and
// once scalar. Keys and values lie in the ring as matrices whose row is the slot and the column
// respectively, so that both products run without a horizontal sum; contract/transformer-sections.ts
// draws them.
//
//   score  s_t = q . k_t + age bias                          Q14, powers of two
//   weight e_t = 2^-(max s - s_t)                            Q14; 0 for a slot not yet filled
//   share  p_t = e_t / sum of e                              Q15
//   mixed  o_j = sum over t of p_t v_tj                      the value's unit in Q8
//
// Nothing overflows: q . k is at most 64 * 2^15 * 2^7 = 2^28, the bias 2^18, so a difference of
// scores stays below 2^31 even against an empty slot's -2^30. The newest step is always there, so the
// sum of at most 16 weights lies in [2^14, 2^18]. Shares sum to at most 2^15 + 8, times 2^7 per value.
//
// 2^-x is one cubic per octave: error below 1.3e-4 of the largest weight before rounding to Q14. Shares
// are rounded to Q15 from a reciprocal of 15 bits: error below 1e-4.

import { TRANSFORMER_RING_MAX } from "../contract/transformer-sections";
import { EXP2_C0, EXP2_C1, EXP2_C2, EXP2_C3 } from "./transformer-luts.gen";

/** Scores i32[ring], then weights and shares i16[ring]; dead between steps. */
const SCORES: usize = memory.data(4 * TRANSFORMER_RING_MAX, 16);
const SHARES: usize = memory.data(2 * TRANSFORMER_RING_MAX, 16);

/** Score of a slot that holds no step yet: far below all others. */
const EMPTY: i32 = -(1 << 30);

/**
 * Writes a step's key and value into their slot, saturated to int8.
 * @param key i16[hidden], value i16[hidden], hidden a multiple of 8
 */
export function rememberSimd(
  keys: usize,
  values: usize,
  slot: i32,
  key: usize,
  value: usize,
  hidden: i32,
): void {
  let k = keys + <usize>((slot >> 3) * 8 * hidden + (slot & 7) * 2);
  let v = values + <usize>((slot >> 1) * 2 * hidden);
  const odd = (slot & 1) != 0;
  const mask = i16x8.splat(odd ? <i16>-256 : <i16>255);
  const place = odd ? 8 : 0;
  const end = key + ((<usize>hidden) << 1);
  for (; key < end; key += 16) {
    const both = i8x16.narrow_i16x8_s(v128.load(key), v128.load(value));
    v128.store_lane<i16>(k, both, 0);
    v128.store_lane<i16>(k, both, 1, 16);
    v128.store_lane<i16>(k, both, 2, 32);
    v128.store_lane<i16>(k, both, 3, 48);
    const fresh = i16x8.shl(i16x8.extend_high_i8x16_s(both), place);
    v128.store(v, v128.bitselect(fresh, v128.load(v), mask));
    k += 64;
    v += 16;
    value += 16;
  }
}

/** The same as rememberSimd, one column at a time. */
export function rememberScalar(
  keys: usize,
  values: usize,
  slot: i32,
  key: usize,
  value: usize,
  hidden: i32,
): void {
  for (let column = 0; column < hidden; column++) {
    const at = (<usize>column) << 1;
    const k = (slot >> 3) * 8 * hidden + (column >> 1) * 16 + (slot & 7) * 2 + (column & 1);
    const v = (slot >> 1) * 2 * hidden + column * 2 + (slot & 1);
    store<i8>(keys + <usize>k, saturate8(load<i16>(key + at)));
    store<i8>(values + <usize>v, saturate8(load<i16>(value + at)));
  }
}

// @ts-ignore: decorator
@inline
function saturate8(value: i32): i32 {
  return min<i32>(max<i32>(value, -128), 127);
}

/**
 * One head.
 * @param out i16[width], the mixed values
 * @param q i16[width], width a multiple of 4
 * @param keys of the head's first column in the ring, values likewise
 * @param bias i16[ring], one per slot, Q11
 * @param filled slots that hold a step, in [1, ring]
 * @param hidden columns of all heads; ring 8 or 16
 */
export function attendSimd(
  out: usize,
  q: usize,
  keys: usize,
  values: usize,
  bias: usize,
  width: i32,
  hidden: i32,
  ring: i32,
  filled: i32,
): void {
  const largest = scoresSimd(q, keys, bias, width, hidden, ring, filled);
  sharesSimd(largest, ring);
  mixSimd(out, values, width, hidden, ring);
}

/** Scores of all slots. @returns the largest */
function scoresSimd(
  q: usize,
  keys: usize,
  bias: usize,
  width: i32,
  hidden: i32,
  ring: i32,
  filled: i32,
): i32 {
  const end = q + ((<usize>width) << 1);
  const empty = i32x4.splat(EMPTY);
  const present = i32x4.splat(filled);
  let slots = i32x4(0, 1, 2, 3);
  let largest = empty;
  for (let block = 0; block < ring; block += 8) {
    let low = i32x4.splat(0);
    let high = low;
    let k = keys + <usize>(block * hidden);
    for (let p = q; p < end; p += 4) {
      const pair = v128.load_splat<u32>(p);
      low = i32x4.add(low, i32x4.dot_i16x8_s(v128.load_ext<i8>(k), pair));
      high = i32x4.add(high, i32x4.dot_i16x8_s(v128.load_ext<i8>(k, 8), pair));
      k += 16;
    }
    const age = v128.load(bias + ((<usize>block) << 1));
    low = i32x4.add(low, i32x4.shl(i32x4.extend_low_i16x8_s(age), 3));
    high = i32x4.add(high, i32x4.shl(i32x4.extend_high_i16x8_s(age), 3));
    low = v128.bitselect(low, empty, i32x4.lt_s(slots, present));
    slots = i32x4.add(slots, i32x4.splat(4));
    high = v128.bitselect(high, empty, i32x4.lt_s(slots, present));
    slots = i32x4.add(slots, i32x4.splat(4));
    const at = SCORES + ((<usize>block) << 2);
    v128.store(at, low);
    v128.store(at, high, 16);
    largest = i32x4.max_s(largest, i32x4.max_s(low, high));
  }
  largest = i32x4.max_s(largest, v128.shuffle<i32>(largest, largest, 2, 3, 0, 1));
  largest = i32x4.max_s(largest, v128.shuffle<i32>(largest, largest, 1, 0, 3, 2));
  return i32x4.extract_lane(largest, 0);
}

/** From scores to shares. */
function sharesSimd(largest: i32, ring: i32): void {
  const top = i32x4.splat(largest);
  const ones = i16x8.splat(1);
  const bytes = (<usize>ring) << 1;
  let sums = i32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const scores = SCORES + (at << 1);
    const low = i32x4.shr_s(i32x4.sub(top, v128.load(scores)), 3);
    const high = i32x4.shr_s(i32x4.sub(top, v128.load(scores, 16)), 3);
    const weights = exp2Simd(i16x8.narrow_i32x4_s(low, high));
    v128.store(SHARES + at, weights);
    sums = i32x4.add(sums, i32x4.dot_i16x8_s(weights, ones));
  }
  sums = i32x4.add(sums, v128.shuffle<i32>(sums, sums, 2, 3, 0, 1));
  const sum = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1);
  const shift = 31 - <i32>clz<i32>(sum);
  const reciprocal = i16x8.splat(<i16>reciprocalOf(sum));
  const rounding = i32x4.splat((1 << shift) >> 1);
  for (let at: usize = 0; at < bytes; at += 16) {
    const weights = v128.load(SHARES + at);
    const low = i32x4.add(i32x4.extmul_low_i16x8_s(weights, reciprocal), rounding);
    const high = i32x4.add(i32x4.extmul_high_i16x8_s(weights, reciprocal), rounding);
    v128.store(
      SHARES + at,
      i16x8.narrow_i32x4_s(i32x4.shr_s(low, shift), i32x4.shr_s(high, shift)),
    );
  }
}

/**
 * 2^-x, Q11 to Q14, eight at once; x >= 0. The power of two of the octave is looked up byte by byte:
 * its high byte is 128 >> (octave + 1), its low byte 128 >> (octave - 7), and 0 outside the table.
 */
// @ts-ignore: decorator
@inline
function exp2Simd(x: v128): v128 {
  const t = v128.and(i16x8.shl(x, 4), i16x8.splat(0x7ff0));
  let y = i16x8.q15mulr_sat_s(i16x8.splat(<i16>EXP2_C3), t);
  y = i16x8.q15mulr_sat_s(i16x8.add(y, i16x8.splat(<i16>EXP2_C2)), t);
  y = i16x8.q15mulr_sat_s(i16x8.add(y, i16x8.splat(<i16>EXP2_C1)), t);
  y = i16x8.add(y, i16x8.splat(<i16>EXP2_C0));
  const octave = i16x8.mul(i16x8.shr_u(x, 11), i16x8.splat(0x0101));
  const index = i8x16.add(octave, i16x8.splat(0x01f9));
  const powers = i8x16(-128, 64, 32, 16, 8, 4, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0);
  return i16x8.q15mulr_sat_s(y, i8x16.swizzle(powers, index));
}

/** Sums of shares times values, four columns at a time. */
function mixSimd(out: usize, values: usize, width: i32, hidden: i32, ring: i32): void {
  const rounding = i32x4.splat(1 << 6);
  const stride = (<usize>hidden) << 1;
  const sharesEnd = SHARES + ((<usize>ring) << 1);
  const end = out + ((<usize>width) << 1);
  for (; out < end; out += 8) {
    let even = rounding;
    let odd = i32x4.splat(0);
    let v = values;
    for (let p = SHARES; p < sharesEnd; p += 8) {
      even = i32x4.add(even, i32x4.dot_i16x8_s(v128.load_ext<i8>(v), v128.load_splat<u32>(p)));
      odd = i32x4.add(
        odd,
        i32x4.dot_i16x8_s(v128.load_ext<i8>(v + stride), v128.load_splat<u32>(p, 4)),
      );
      v += stride << 1;
    }
    const mixed = i32x4.shr_s(i32x4.add(even, odd), 7);
    v128.store_lane<i64>(out, i16x8.narrow_i32x4_s(mixed, mixed), 0);
    values += 8;
  }
}

/** The same as attendSimd, one slot and one column at a time. */
export function attendScalar(
  out: usize,
  q: usize,
  keys: usize,
  values: usize,
  bias: usize,
  width: i32,
  hidden: i32,
  ring: i32,
  filled: i32,
): void {
  let largest = EMPTY;
  for (let slot = 0; slot < filled; slot++) {
    let score = (<i32>load<i16>(bias + ((<usize>slot) << 1))) << 3;
    for (let column = 0; column < width; column++) {
      const at = (slot >> 3) * 8 * hidden + (column >> 1) * 16 + (slot & 7) * 2 + (column & 1);
      score += <i32>load<i16>(q + ((<usize>column) << 1)) * <i32>load<i8>(keys + <usize>at);
    }
    store<i32>(SCORES + ((<usize>slot) << 2), score);
    largest = max<i32>(largest, score);
  }
  let sum: i32 = 0;
  for (let slot = 0; slot < filled; slot++) {
    const below = (largest - load<i32>(SCORES + ((<usize>slot) << 2))) >> 3;
    const weight = exp2Q14(min<i32>(below, 32767));
    store<i16>(SHARES + ((<usize>slot) << 1), weight);
    sum += weight;
  }
  const shift = 31 - <i32>clz<i32>(sum);
  const reciprocal = reciprocalOf(sum);
  for (let slot = 0; slot < filled; slot++) {
    const at = SHARES + ((<usize>slot) << 1);
    store<i16>(at, (<i32>load<i16>(at) * reciprocal + ((1 << shift) >> 1)) >> shift);
  }
  for (let column = 0; column < width; column++) {
    let mixed: i32 = 1 << 6;
    for (let slot = 0; slot < filled; slot++) {
      const at = (slot >> 1) * 2 * hidden + column * 2 + (slot & 1);
      mixed += <i32>load<i16>(SHARES + ((<usize>slot) << 1)) * <i32>load<i8>(values + <usize>at);
    }
    store<i16>(out + ((<usize>column) << 1), min<i32>(max<i32>(mixed >> 7, -32768), 32767));
  }
}

/** 2^-x, Q11 to Q14, for x in [0, 32767]; 0 from 15 on. */
export function exp2Q14(x: i32): i32 {
  const t = (x & 2047) << 4;
  let y = multiplyQ15(EXP2_C3, t);
  y = multiplyQ15(y + EXP2_C2, t);
  y = multiplyQ15(y + EXP2_C1, t) + EXP2_C0;
  return multiplyQ15(y, 16384 >> (x >> 11));
}

/** Rounding Q15 product; no operand here is -32768. */
// @ts-ignore: decorator
@inline
function multiplyQ15(a: i32, b: i32): i32 {
  return (a * b + 0x4000) >> 15;
}

/**
 * 2^15 over a sum of weights, so that a weight times it, shifted by the sum's octave, is a share in
 * Q15: 2^29 over the sum's leading 15 bits.
 * @param sum in [2^14, 2^18]
 * @returns in [16384, 32767]
 */
// @ts-ignore: decorator
@inline
function reciprocalOf(sum: i32): i32 {
  const leading = sum >> (17 - <i32>clz<i32>(sum));
  return min<i32>((1 << 29) / leading, 32767);
}
