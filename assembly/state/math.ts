// exp2 and log2 for the request path. Mathf's are exact and cost tens of nanoseconds each; a decay
// factor or a feature needs four digits. Both are deterministic: adds and multiplies of f32 only.
// The coefficients are least squares at Chebyshev points, exact at the ends of each octave.

/** 2^-x for x >= 0; relative error below 2e-5, 0 from x = 60 on. NaN and negative x give 1. */
export function exp2Negative(x: f32): f32 {
  if (!(x > 0)) return 1;
  if (x >= 60) return 0;
  const whole = <i32>x;
  const t = x - <f32>whole;
  const fraction =
    <f32>1 +
    t * (<f32>-0.6931391 + t * (<f32>0.2399638 + t * (<f32>-0.05415403 + t * <f32>0.007336974)));
  return fraction * reinterpret<f32>((127 - whole) << 23);
}

/**
 * log2 of a positive x; absolute error below 6e-5. Zero, negatives, subnormals and NaN give -126, the
 * logarithm of the smallest normal number; infinity gives 128.
 */
export function log2(x: f32): f32 {
  if (!(x >= <f32>1.1754944e-38)) return -126;
  const bits = reinterpret<i32>(x);
  const exponent = ((bits >> 23) & 255) - 127;
  const t = reinterpret<f32>((bits & 0x7fffff) | 0x3f800000) - 1;
  // log2(1 + t) = t + t (1 - t) g(t): exact at 0 and 1, so that octaves join.
  const g =
    <f32>0.44245418 + t * (<f32>-0.27016007 + t * (<f32>0.15202092 + t * <f32>-0.045841515));
  return <f32>exponent + t + t * (1 - t) * g;
}
