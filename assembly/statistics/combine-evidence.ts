// Several pieces of evidence as one: the harmonic mean of their p-values (Wilson 2019, "The harmonic mean
// p-value for combining dependent tests"). Valid where the pieces depend on each other, as signals of one
// route do; Fisher's sum of logarithms is not.
//
//   e = m + log10(mean of 10^(e_i - m)), m the largest

import { exp2Negative, log2 } from "../state/math";

/** log2(10) / 256: octaves of a unit of evidence. */
const OCTAVES_PER_Q8: f32 = 0.012976281;
/** 256 log10(2). */
const OCTAVE_Q8: f32 = 77.06368;

/**
 * @param evidences u16 x count, Q8
 * @param count at least 1
 * @returns evidence of all together, Q8: at most the largest, at least the largest - log10(count)
 */
export function harmonicEvidence(evidences: usize, count: i32): i32 {
  let largest = 0;
  for (let i = 0; i < count; i++) {
    largest = max(largest, <i32>load<u16>(evidences + ((<usize>i) << 1)));
  }
  let sum: f32 = 0;
  for (let i = 0; i < count; i++) {
    const below = largest - <i32>load<u16>(evidences + ((<usize>i) << 1));
    sum += exp2Negative(<f32>below * OCTAVES_PER_Q8);
  }
  const combined = <f32>largest + OCTAVE_Q8 * log2(sum / <f32>count);
  return <i32>max<f32>(0, combined);
}
