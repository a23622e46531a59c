// One step of Adam (Kingma, Ba 2015) on all parameters, and the gradient's size for clipping: a
// recurrent model now and then sees a gradient a thousand times the usual, and one such step would
// undo many.

const MOMENTUM: f32 = 0.9;
const MOMENTUM_REST: f32 = 0.1;
const VARIANCE: f32 = 0.999;
const VARIANCE_REST: f32 = 0.001;
const EPSILON: f32 = 1e-8;

/** @returns the sum of n squares, from the first to the last */
export function sumOfSquares(a: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) {
    const value = <f64>load<f32>(a + ((<usize>i) << 2));
    sum += value * value;
  }
  return sum;
}

/**
 * A step downhill, in place.
 * @param factor what clipping leaves of the gradient, at most 1
 * @param meanFactor 1 / (1 - 0.9^t) at step t
 * @param squareFactor 1 / (1 - 0.999^t)
 * @param n a multiple of 4
 */
export function adamStep(
  values: usize,
  gradient: usize,
  means: usize,
  squares: usize,
  n: i32,
  rate: f32,
  factor: f32,
  meanFactor: f32,
  squareFactor: f32,
): void {
  const bytes = (<usize>n) << 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    const g = f32x4.mul(v128.load(gradient + at), f32x4.splat(factor));
    const mean = f32x4.add(
      f32x4.mul(f32x4.splat(MOMENTUM), v128.load(means + at)),
      f32x4.mul(f32x4.splat(MOMENTUM_REST), g),
    );
    const square = f32x4.add(
      f32x4.mul(f32x4.splat(VARIANCE), v128.load(squares + at)),
      f32x4.mul(f32x4.splat(VARIANCE_REST), f32x4.mul(g, g)),
    );
    v128.store(means + at, mean);
    v128.store(squares + at, square);
    const size = f32x4.sqrt(f32x4.mul(square, f32x4.splat(squareFactor)));
    const step = f32x4.mul(f32x4.mul(mean, f32x4.splat(meanFactor)), f32x4.splat(rate));
    const change = f32x4.div(step, f32x4.add(size, f32x4.splat(EPSILON)));
    v128.store(values + at, f32x4.sub(v128.load(values + at), change));
  }
}
