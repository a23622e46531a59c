// The numbers of the filter's guard of a canary, from what people say: how many errors a healthy
// canary makes, how many a bad one, and how often a healthy one may be killed. Wald's sequential
// test ("Sequential Tests of Statistical Hypotheses", 1945) without its lower bound: a guard never
// says that the canary is good, that is the rollout's business.

/** Answers over which a false kill is about as unlikely as it is said to be. */
export const GUARDED_ANSWERS = 100_000;

/** One, in Q16. */
const ONE_Q16 = 65_536;

/** What the test is made of; shares and probabilities in (0, 1). */
export interface GuardHypotheses {
  /** Share of errors of a healthy canary. */
  readonly healthy: number;
  /** Share of errors of a bad one; above healthy. */
  readonly bad: number;
  /** Probability that a canary with no more errors than a healthy one is killed. */
  readonly falseKill: number;
}

/** As the filter's configuration has them, natural logarithms in Q16. */
export interface GuardSteps {
  readonly errorStepQ16: number;
  readonly successStepQ16: number;
  readonly thresholdQ16: number;
  readonly floorQ16: number;
}

/**
 * The steps of a guard. The threshold is ln(1 / falseKill): Ville's inequality bounds the chance
 * that a likelihood ratio ever exceeds 1 / falseKill by falseKill. From the floor, ln(1e5) below
 * zero, every rise has a chance of falseKill / 1e5 at most, so that a hundred thousand answers add
 * falseKill once more; and a canary that breaks after a long healthy time is still found out, after
 * some two and a half times the answers.
 */
export function guardSteps({ healthy, bad, falseKill }: GuardHypotheses): GuardSteps {
  return {
    errorStepQ16: Math.round(Math.log(bad / healthy) * ONE_Q16),
    successStepQ16: Math.round(Math.log((1 - healthy) / (1 - bad)) * ONE_Q16),
    thresholdQ16: Math.round(-Math.log(falseKill) * ONE_Q16),
    floorQ16: Math.round(Math.log(GUARDED_ANSWERS) * ONE_Q16),
  };
}
