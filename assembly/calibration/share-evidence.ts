// Between shares and evidence, and several pieces of evidence as one, in integers.

import { SHARE_ONE } from "../contract/calibration";
import { EVIDENCE_MAX, EVIDENCE_ONE } from "../contract/evidence";
import { TENTH_POWERS } from "./tenth-powers.gen";

/** 10^-(k / 256) for k in [0, 255], Q15. */
// @ts-ignore: decorator
@inline
function tenthPower(k: i32): i32 {
  return <i32>load<u16>(TENTH_POWERS + ((<usize>k) << 1));
}

/** Least k in [0, 255] with 10^-(k / 256) <= share, a share in (0.1, 1] in Q15. */
function fractionOf(shareQ15: i32): i32 {
  let low = 0;
  let high = 255;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tenthPower(middle) <= shareQ15) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * -log10 of a share.
 * @param share Q30, at least 1
 * @returns Q8 in [0, 2560], within 2 of the exact value for shares of 1e-6 and more
 */
export function evidenceOfShare(share: i32): i32 {
  let decades = 0;
  let rest = <i64>share;
  while (rest * 10 <= SHARE_ONE && decades < EVIDENCE_MAX) {
    rest *= 10;
    decades += EVIDENCE_ONE;
  }
  const evidence = decades + fractionOf(<i32>((rest + (1 << 14)) >> 15));
  return min(evidence, EVIDENCE_MAX);
}

/** weight * 10^-(below / 256), Q15; 0 from five decades on. */
// @ts-ignore: decorator
@inline
function faded(weight: i32, below: i32): i32 {
  let part = weight * tenthPower(below & 255);
  for (let decade = min(below >> 8, 5); decade > 0; decade--) part /= 10;
  return part;
}

/**
 * Evidence of three layers as one: the weighted harmonic mean of their p-values (Wilson 2019, "The
 * harmonic mean p-value for combining dependent tests"). Fisher's sum of logarithms would count
 * dependent layers twice; the largest alone would ignore that three were asked.
 *
 * @param weights of the layers in [0, 255], packed: a | b << 8 | c << 16; 0 leaves a layer out
 * @returns Q8, at most the largest, at least the largest less log10(all weights / its own); within
 *          3 of the exact value. 0 when all weights are 0.
 */
export function combineEvidence(a: i32, b: i32, c: i32, weights: i32): i32 {
  const weightA = weights & 255;
  const weightB = (weights >> 8) & 255;
  const weightC = (weights >> 16) & 255;
  const all = weightA + weightB + weightC;
  if (all == 0) return 0;
  let most = 0;
  if (weightA > 0) most = max(most, a);
  if (weightB > 0) most = max(most, b);
  if (weightC > 0) most = max(most, c);
  const sum =
    (weightA > 0 ? faded(weightA, most - a) : 0) +
    (weightB > 0 ? faded(weightB, most - b) : 0) +
    (weightC > 0 ? faded(weightC, most - c) : 0);
  // sum / all is the mean of 10^-(distance), at least 1 / 765.
  let decades = 0;
  let mean = sum;
  while (mean * 10 <= all << 15) {
    mean *= 10;
    decades += EVIDENCE_ONE;
  }
  return max(0, most - decades - fractionOf(mean / all));
}
