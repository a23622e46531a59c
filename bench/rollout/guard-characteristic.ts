// What the filter's guard of a default policy promises, by simulation of its twin: how often a canary is
// taken out within so many of its answers, beside a stable arm that is well or as bad.

import { answersToKill, type GuardTraffic } from "../../host-tools/src/canary/guard-simulation";
import type { Prng } from "../../host-tools/src/lib/prng";
import { policyGuard } from "../../test/support/rollout-plan";

export interface GuardRow {
  readonly canary_error_percent: number;
  readonly stable_error_percent: number;
  readonly weight_percent: number;
  readonly answers: number;
  readonly canaries: number;
  readonly killed_pct: number;
}

type Case = readonly [canary: number, stable: number, weight: number, answers: number];

const CASES: readonly Case[] = [
  [20, 1, 5, 60],
  [20, 1, 5, 100],
  [50, 1, 5, 30],
  [20, 1, 20, 60],
  [20, 1, 50, 60],
  [20, 4.9, 5, 60],
  [20, 4.9, 5, 100],
  [50, 4.9, 5, 30],
  [1, 1, 5, 10_000],
  [4.9, 4.9, 5, 10_000],
  [4.9, 1, 5, 10_000],
];
const WORKERS = 2;
/** Of a long run there are a tenth as many. */
const LONG_ANSWERS = 1000;

export function guardCharacteristic(runs: number, random: Prng): GuardRow[] {
  const guard = policyGuard();
  return CASES.map(([canary, stable, weight, answers]) => {
    const canaries = answers > LONG_ANSWERS ? Math.ceil(runs / 10) : runs;
    const traffic: GuardTraffic = {
      canary: canary / 100,
      stable: stable / 100,
      stablePerCanary: Math.round((100 - weight) / weight),
      workers: WORKERS,
    };
    const of = random.fork(`${canary} ${stable} ${weight} ${answers}`);
    let killed = 0;
    for (let i = 0; i < canaries; i++) {
      if (answersToKill(guard, traffic, answers, of.fork(`${i}`)) <= answers) killed++;
    }
    return {
      canary_error_percent: canary,
      stable_error_percent: stable,
      weight_percent: weight,
      answers,
      canaries,
      killed_pct: (100 * killed) / canaries,
    };
  });
}
