// How strongly one block of answers speaks against a hypothesis, as the logarithm of an e-variable:
// a number whose exponential has an expectation of at most 1 while the hypothesis is true. Products
// of such numbers are bets that nobody wins in the long run against the truth, so they may be looked
// at after every block (Ville: the chance of ever reaching 1/alpha is at most alpha). A p-value
// computed again and again has no such promise, which is what makes naive canary checks fire.
//
// Two arms, after Turner, Ly and Gruenwald, "Generic E-variables for exact sequential k-sample tests"
// (2021, arXiv:2106.02693): for a guess (s, c) of the two error rates and a null hypothesis that is
// convex in them,
//
//   log E = canary's log likelihood ratio of c to c0 + stable's of s to s0
//
// where (s0, c0) is the point of the null hypothesis nearest to (s, c) in Kullback-Leibler divergence
// weighted by the two numbers of requests. Why it holds for any block sizes: the logarithm of the
// expectation is concave in the true rates, 0 at (s0, c0), and its slope there points out of the
// null hypothesis. It holds block by block, so the rates may drift as long as both arms drift
// together: an outage that hits both is evidence of nothing.

import type { ArmCounts, Block } from "./arm-counts";

/** A rate is kept this far from 0 and 1, where logarithms end. */
const RATE_MIN = 1e-9;
const BISECTIONS = 60;

/**
 * Evidence that the canary's error rate is above the stable arm's by more than the tolerance.
 *
 * @param guess rates taken before the block was seen
 * @param tolerance allowed difference of the rates, in [0, 1)
 * @returns natural logarithm; 0 where one of the arms has no requests
 */
export function comparisonEvidence(
  block: Block,
  guess: { readonly stable: number; readonly canary: number },
  tolerance: number,
): number {
  const { stable, canary } = block;
  if (stable.requests === 0 || canary.requests === 0) return 0;
  // A guess inside the null hypothesis speaks against nothing.
  if (guess.canary <= guess.stable + tolerance) return 0;
  const nearest = nearestStableRate(block, guess, tolerance);
  return (
    logRatio(canary, guess.canary, clampRate(nearest + tolerance)) +
    logRatio(stable, guess.stable, nearest)
  );
}

/**
 * Evidence that a rate is above the limit.
 *
 * @param guess a rate above the limit
 * @returns natural logarithm
 */
export function limitEvidence(counts: ArmCounts, guess: number, limit: number): number {
  return logRatio(counts, guess, clampRate(limit));
}

/** Log likelihood ratio of the counts under `rate` to those under `nullRate`. */
function logRatio({ requests, errors }: ArmCounts, rate: number, nullRate: number): number {
  return (
    errors * Math.log(rate / nullRate) + (requests - errors) * Math.log((1 - rate) / (1 - nullRate))
  );
}

/** The stable arm's rate at the nearest point of the null hypothesis, which lies on its edge. */
function nearestStableRate(
  { stable, canary }: Block,
  guess: { readonly stable: number; readonly canary: number },
  tolerance: number,
): number {
  const weight = stable.requests + canary.requests;
  if (tolerance === 0) {
    const mean = stable.requests * guess.stable + canary.requests * guess.canary;
    return clampRate(mean / weight);
  }
  let low = RATE_MIN;
  let high = 1 - tolerance - RATE_MIN;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    const other = middle + tolerance;
    const slope =
      (stable.requests * (guess.stable - middle)) / (middle * (1 - middle)) +
      (canary.requests * (guess.canary - other)) / (other * (1 - other));
    if (slope > 0) low = middle;
    else high = middle;
  }
  return clampRate((low + high) / 2);
}

export function clampRate(rate: number): number {
  return Math.min(1 - RATE_MIN, Math.max(RATE_MIN, rate));
}

/** The rate whose odds are a multiple of those of the given one. */
export function liftedRate(rate: number, odds: number): number {
  const lifted = (clampRate(rate) / (1 - clampRate(rate))) * odds;
  return clampRate(lifted / (1 + lifted));
}
