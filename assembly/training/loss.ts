// The loss of a batch of outputs and its derivative, each column by its kind.
//
//   none      a padding column: nothing
//   value     Huber with the corner at 1:  e = y - t,  e^2 / 2  or  |e| - 1/2
//   quantile  pinball at level q:          e = t - y,  max(q e, (q - 1) e)
//   logit     cross-entropy of t in [0, 1] against logistic(y)

import { logistic } from "./exponential";

// As in host-tools/src/training/loss-kind.ts.
const KIND_VALUE: i32 = 1;
const KIND_QUANTILE: i32 = 2;
const KIND_LOGIT: i32 = 3;

/** log(1 + e^-|y|) by log(1 + e) = 2 (s + s^3/3 + s^5/5 + ...), s = e / (2 + e) <= 1/3. */
function softTail(y: f32): f64 {
  const small = <f64>f32x4.extract_lane(logistic(f32x4.splat(abs(y))), 0);
  const e = (1 - small) / small;
  const s = e / (2 + e);
  const square = s * s;
  let sum: f64 = 0;
  for (let n = 17; n >= 1; n -= 2) sum = 1.0 / <f64>n + square * sum;
  return 2 * s * sum;
}

/**
 * Writes d = share * derivative of the loss by y.
 * @param y outputs, [rows][columns]
 * @param targets as y
 * @param kinds i32[columns]
 * @param levels f32[columns], read for quantiles
 * @param share weight of one output of one row
 * @returns the sum of all losses, not weighted
 */
export function lossAndDerivative(
  y: usize,
  targets: usize,
  d: usize,
  kinds: usize,
  levels: usize,
  rows: i32,
  columns: i32,
  share: f32,
): f64 {
  let sum: f64 = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = (<usize>column) << 2;
      const value = load<f32>(y + at);
      const target = load<f32>(targets + at);
      const kind = load<i32>(kinds + at);
      let slope: f32 = 0;
      if (kind === KIND_VALUE) {
        const error = value - target;
        slope = max<f32>(-1, min<f32>(1, error));
        const size = abs(error);
        sum += size <= 1 ? 0.5 * <f64>error * <f64>error : <f64>size - 0.5;
      } else if (kind === KIND_QUANTILE) {
        const level = load<f32>(levels + at);
        const error = target - value;
        slope = error > 0 ? -level : 1 - level;
        sum += -(<f64>error * <f64>slope);
      } else if (kind === KIND_LOGIT) {
        slope = f32x4.extract_lane(logistic(f32x4.splat(value)), 0) - target;
        const hinge: f32 = max<f32>(0, value) - target * value;
        sum += <f64>hinge + softTail(value);
      }
      store<f32>(d + at, share * slope);
    }
    y += (<usize>columns) << 2;
    targets += (<usize>columns) << 2;
    d += (<usize>columns) << 2;
  }
  return sum;
}
