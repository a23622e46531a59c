// What an output's error is where it predicts no value: signed like actual - predicted, so that
// unrest and drift need not know the kind.

import { sigmoidQ15 } from "./kernels";

/**
 * The pinball loss of a quantile, with its sign: in the mean of healthy traffic the two signs weigh
 * as the level says.
 * @param distance actual - predicted, Q12, at most 65535 in size
 * @param level Q15, in (0, 32768)
 * @returns level * distance above the quantile, (1 - level) * distance below, rounded away from 0
 */
// @ts-ignore: decorator
@inline
export function quantileResidual(distance: i32, level: i32): i32 {
  // 65535 * 32767 + 2^14 is below 2^31.
  if (distance >= 0) return (distance * level + 0x4000) >> 15;
  return -((-distance * (32768 - level) + 0x4000) >> 15);
}

/**
 * Actual less predicted probability, Q12.
 * @param actual Q12 of the calibration; 0 at `zero`, 1 at `one`, linear and clamped
 * @param one greater than zero
 * @param logit predicted, Q12
 */
// @ts-ignore: decorator
@inline
export function logitResidual(actual: i32, zero: i32, one: i32, logit: i32): i32 {
  const share = min<i32>((max<i32>(actual - zero, 0) << 12) / (one - zero), 4096);
  return share - ((sigmoidQ15(logit) + 4) >> 3);
}
