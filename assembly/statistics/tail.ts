// Online tail probability of one non-negative statistic: how rare is a value among those seen before? A
// histogram of 48 bins, four to an octave from 2^-6 to 2^6, with 16-bit counts that are halved when
// 4,000 values are in. Not a normal table: what feeds this is never normal. Not a sketch of quantiles:
// those end at the largest value seen, and an alarm lies beyond it.
//
//   counted    p = (tail + 0.5) / (total + 1)           tail: counts above, a share of the value's own bin
//   beyond     p = p(knot) e^(-(x - knot) / scale)      where fewer than 5 are above: exponential from the
//              scale = (excess + 0.25) / (above + 1)    highest edge with 2 % and 5 values above it;
//              but at least 0.125                       the mean excess over it, with one value's prior
//   evidence   -log10(p), Q8
//
// The least scale is for a statistic that was always 0, such as failures where there were none: the first
// one is news, not proof. Evidence never falls as the value rises. The first 16 values give none.
//
// What is rare and lasts would soon be usual. A guarded tail counts the first of a run of values with
// evidence of 2.5 or more, and then every sixteenth: an incident is learnt, but slowly.

import { EVIDENCE_MAX } from "../contract/evidence";
import { log2 } from "../state/math";

/** Bins of the histogram; the first also takes what is smaller, the last what is larger. */
export const TAIL_BINS: i32 = 48;
/** Values in the histogram before its counts are halved. */
const TOTAL_MAX: i32 = 4000;
const WARM_UP: i32 = 16;
/** Evidence from which on a value is rare to a guarded tail, which then counts one in so many. */
const GUARD_Q8: i32 = 640;
const GUARD_EVERY: i32 = 16;
/** Counts that a share is read from directly. */
const ENOUGH: f32 = 5;
const KNOT_SHARE: f32 = 0.02;
/** Mean excess believed before any is seen. */
const PRIOR_EXCESS: f32 = 0.25;
const SCALE_MIN: f32 = 0.125;
/** log10(2) and log10(e), Q8. */
const OCTAVE_Q8: f32 = 77.06368;
const NEPER_Q8: f32 = 111.17938;
/** Larger values are taken as this one. */
const VALUE_MAX: f32 = 1e6;
/** Bits of the first bin's lower edge, 2^-6, in quarters of an octave. */
const LOW_QUARTERS: i32 = (127 - 6) << 2;

/** Counts of one statistic; all zero before the first value. */
// @ts-ignore: decorator
@unmanaged
@final
export class Tail {
  /** Sum of the counts. */
  total: u16;
  /** Rare values in a row, modulo GUARD_EVERY; the counts, u16 x TAIL_BINS, follow. */
  run: u16;
}

/** Bytes of one tail with its counts. */
export const TAIL_BYTES: usize = offsetof<Tail>() + <usize>TAIL_BINS * 2;

// @ts-ignore: decorator
@inline
function place(tail: Tail, bin: i32): usize {
  return changetype<usize>(tail) + offsetof<Tail>() + ((<usize>bin) << 1);
}

/** Lower edge of a bin; the first begins at 0. */
// @ts-ignore: decorator
@inline
function edge(bin: i32): f32 {
  return bin == 0 ? 0 : reinterpret<f32>((LOW_QUARTERS + bin) << 21);
}

function binOf(x: f32): i32 {
  return max(0, min((reinterpret<i32>(x) >> 21) - LOW_QUARTERS, TAIL_BINS - 1));
}

/** Numbers of the bins, to compare with eight at a time. */
const NUMBERS: usize = memory.data<u16>(
  [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
  ],
  16,
);

if (TAIL_BINS != 48) ERROR("NUMBERS has one for each bin");

/** Sum of the counts in the bins above. */
function countAbove(tail: Tail, bin: i32): i32 {
  const counts = place(tail, 0);
  const limit = i16x8.splat(<i16>bin);
  const ones = i16x8.splat(1);
  let sum = i32x4.splat(0);
  for (let i: usize = 0; i < <usize>TAIL_BINS * 2; i += 16) {
    const above = v128.and(v128.load(counts + i), i16x8.gt_s(v128.load(NUMBERS + i), limit));
    // Counts are at most TOTAL_MAX, so the signed dot product is their sum.
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(above, ones));
  }
  return (
    i32x4.extract_lane(sum, 0) +
    i32x4.extract_lane(sum, 1) +
    i32x4.extract_lane(sum, 2) +
    i32x4.extract_lane(sum, 3)
  );
}

/** Evidence from the highest edge with enough above it. @param all log2(total + 1) */
function beyondQ8(tail: Tail, x: f32, all: f32): f32 {
  const need = max(ENOUGH, <f32>tail.total * KNOT_SHARE);
  let above = 0;
  let knot = TAIL_BINS;
  for (let i = TAIL_BINS - 1; i >= 0; i--) {
    if (knot < TAIL_BINS && <f32>above >= need) break;
    knot = i;
    above += load<u16>(place(tail, i));
  }
  const from = edge(knot);
  let excess = PRIOR_EXCESS;
  for (let i = knot; i < TAIL_BINS; i++) {
    const middle = (edge(i) + edge(i + 1)) * 0.5;
    excess += <f32>load<u16>(place(tail, i)) * (middle - from);
  }
  const scale = max(SCALE_MIN, excess / <f32>(above + 1));
  const atKnot = OCTAVE_Q8 * (all - log2(<f32>above + 0.5));
  return atKnot + max<f32>(0, (x - from) / scale) * NEPER_Q8;
}

function evidenceQ8(tail: Tail, x: f32, bin: i32): i32 {
  const above = countAbove(tail, bin);
  const inside = min<f32>(1, (x - edge(bin)) / (edge(bin + 1) - edge(bin)));
  const rest = <f32>above + <f32>load<u16>(place(tail, bin)) * (1 - inside);
  const all = log2(<f32>(<i32>tail.total + 1));
  let evidence = OCTAVE_Q8 * (all - log2(max(rest, ENOUGH) + 0.5));
  if (rest < ENOUGH) evidence = max(evidence, beyondQ8(tail, x, all));
  return <i32>max<f32>(0, min(evidence, <f32>EVIDENCE_MAX));
}

/** Halves every count, and recounts. */
function halve(tail: Tail): void {
  let total = 0;
  for (let i = 0; i < TAIL_BINS; i++) {
    const half = load<u16>(place(tail, i)) >> 1;
    store<u16>(place(tail, i), half);
    total += half;
  }
  tail.total = <u16>total;
}

/** Whether a guarded tail counts a value of this evidence. */
function countsRare(tail: Tail, evidence: i32): bool {
  if (evidence < GUARD_Q8) {
    tail.run = 0;
    return true;
  }
  const run = <i32>tail.run;
  tail.run = <u16>((run + 1) % GUARD_EVERY);
  return run == 0;
}

/**
 * Judges a value by those before it, then counts it.
 *
 * @param value of the statistic, 0 or more; negative or NaN is dropped
 * @param guarded whether rare values are counted less
 * @returns evidence, Q8
 */
export function stepTail(tail: Tail, value: f32, guarded: bool): i32 {
  if (!(value >= 0)) return 0;
  const x = min(value, VALUE_MAX);
  const bin = binOf(x);
  const evidence = <i32>tail.total < WARM_UP ? 0 : evidenceQ8(tail, x, bin);
  if (guarded && !countsRare(tail, evidence)) return evidence;
  store<u16>(place(tail, bin), load<u16>(place(tail, bin)) + 1);
  tail.total++;
  if (<i32>tail.total >= TOTAL_MAX) halve(tail);
  return evidence;
}
