// A guard under traffic with known shares of errors, for figures of what it promises.

import type { Prng } from "../lib/prng";
import type { GuardSteps } from "./guard-steps";
import { ReferenceGuard } from "./reference-guard";

export interface SimulatedGuard {
  readonly steps: GuardSteps;
  /** Answers before which nothing is killed. */
  readonly requestsMin: number;
  /** Of the comparison; 0 without one. */
  readonly odds: number;
}

export interface GuardTraffic {
  /** Shares of errors, in [0, 1]; errors are independent. */
  readonly canary: number;
  readonly stable: number;
  /** Answers of the stable arm for each of the canary's; 19 at weight 5. */
  readonly stablePerCanary: number;
  /** Over which answers are spread by chance. */
  readonly workers: number;
}

/** Answers of the canary until it is killed; Infinity where it still lives after `answersMax`. */
export function answersToKill(
  { steps, requestsMin, odds }: SimulatedGuard,
  { canary, stable, stablePerCanary, workers }: GuardTraffic,
  answersMax: number,
  random: Prng,
): number {
  const guard = new ReferenceGuard(steps, requestsMin, odds, workers);
  const worker = (): number => (workers === 1 ? 0 : random.below(workers));
  for (let answer = 1; answer <= answersMax; answer++) {
    for (let i = 0; i < stablePerCanary; i++) {
      guard.stableAnswer(random.uniform() < stable, worker());
    }
    if (guard.answer(random.uniform() < canary, worker())) return answer;
  }
  return Infinity;
}
