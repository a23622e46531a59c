// The learning rate over a training: a linear warm-up, then half a cosine down to a hundredth
// (Loshchilov, Hutter 2017). The cosine is a series: the engine's own may differ in its last bit
// from one version to the next, and the model's bytes would follow.

const WARM_UP_SHARE = 0.05;
const LEAST_SHARE = 0.01;
const PI = 3.141592653589793;

/** cos(pi x) for x in [0, 1], error below 1e-11. */
export function cosineOfHalfTurns(x: number): number {
  const angle = PI * (0.5 - x);
  const square = angle * angle;
  let sum = 1;
  for (let n = 16; n >= 2; n -= 2) sum = 1 - (square / (n * (n + 1))) * sum;
  return angle * sum;
}

/**
 * The rate's share of its largest value.
 * @param step from 1 to steps
 */
export function rateShare(step: number, steps: number): number {
  const warmUp = Math.max(1, Math.round(WARM_UP_SHARE * steps));
  if (step <= warmUp) return step / warmUp;
  const done = (step - warmUp) / Math.max(1, steps - warmUp);
  return LEAST_SHARE + (1 - LEAST_SHARE) * 0.5 * (1 + cosineOfHalfTurns(done));
}
