// What the guard of a policy promises where it may compare with the stable arm: how fast a bad canary is
// found, how seldom a healthy one is killed, and that an outage of both is nobody's fault. By simulation
// of the filter's twin, with seeds.

import { describe, expect, it } from "vitest";
import { guardSteps } from "../../../host-tools/src/canary/guard-steps";
import { answersToKill, type GuardTraffic } from "../../../host-tools/src/canary/guard-simulation";
import { ReferenceComparison } from "../../../host-tools/src/canary/reference-comparison";
import { seededPrng } from "../../../host-tools/src/lib/prng";

const STEPS = guardSteps({ healthy: 0.05, bad: 0.2, falseKill: 0.005 });

/** Percent of canaries that the default guard kills within so many answers. */
function killedPercent(traffic: GuardTraffic, answers: number, runs: number): number {
  const random = seededPrng(1).fork(JSON.stringify(traffic));
  let killed = 0;
  for (let i = 0; i < runs; i++) {
    const guard = { steps: STEPS, requestsMin: 10, odds: 12 };
    if (answersToKill(guard, traffic, answers, random.fork(`${i}`)) <= answers) killed++;
  }
  return (100 * killed) / runs;
}

describe("the default guard of a policy, beside a stable arm with 1 % errors", () => {
  it.each([1, 4])(
    "finds a fifth of errors within 60 answers of 99 in 100, over %i workers",
    (workers) => {
      const traffic = { canary: 0.2, stable: 0.01, stablePerCanary: 19, workers };
      expect(killedPercent(traffic, 60, 2000)).toBeGreaterThanOrEqual(99);
    },
  );

  it("lets a canary live with errors that are few, however good the stable arm", () => {
    for (const share of [0.002, 0.01]) {
      const traffic = { canary: share, stable: 0, stablePerCanary: 4, workers: 2 };
      expect(killedPercent(traffic, 10_000, 100)).toBeLessThanOrEqual(2);
    }
  });

  it("lets a canary with the same errors live", () => {
    for (const share of [0.002, 0.01, 0.03, 0.049]) {
      const traffic = { canary: share, stable: share, stablePerCanary: 4, workers: 2 };
      expect(killedPercent(traffic, 10_000, 100)).toBeLessThanOrEqual(1);
    }
  });
});

describe("the comparison", () => {
  it("says nothing where the stable arm has not answered", () => {
    expect(new ReferenceComparison(12).canary(true)).toBe(0);
  });

  it("is no evidence, on average, where both have the same share of errors", () => {
    const random = seededPrng(2).fork("null");
    for (const share of [0.01, 0.3]) {
      const compared = new ReferenceComparison(12);
      let sum = 0;
      for (let i = 0; i < 20_000; i++) {
        for (let k = 0; k < 4; k++) compared.stable(random.uniform() < share);
        sum += Math.exp(compared.canary(random.uniform() < share) / 65_536);
      }
      // An e-variable: at most 1, but for chance.
      expect(sum / 20_000).toBeLessThan(1.05);
    }
  });
});
