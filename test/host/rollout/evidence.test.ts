import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  comparisonEvidence,
  liftedRate,
  limitEvidence,
} from "../../../host-tools/src/rollout/evidence";
import { block, counts } from "./sample";

const rate = fc.double({ min: 0.001, max: 0.9, noNaN: true });
const requests = fc.integer({ min: 1, max: 12 });

function binomial(n: number, k: number, p: number): number {
  let ways = 1;
  for (let i = 0; i < k; i++) ways = (ways * (n - i)) / (i + 1);
  return ways * p ** k * (1 - p) ** (n - k);
}

describe("the evidence of a block", () => {
  it("of two arms has an expectation of at most 1 wherever the canary is no worse", () => {
    fc.assert(
      fc.property(
        requests,
        requests,
        rate,
        fc.double({ min: 1.1, max: 40, noNaN: true }),
        fc.constantFrom(0, 0.01, 0.1),
        rate,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (canaries, stables, guessed, odds, tolerance, trueStable, part) => {
          // Any point of the null hypothesis: at most `tolerance` above the stable arm's true rate.
          const trueCanary = Math.min(0.999, trueStable + tolerance) * part;
          const canary = liftedRate(Math.min(guessed + tolerance, 0.999), odds);
          let expectation = 0;
          for (let c = 0; c <= canaries; c++) {
            for (let s = 0; s <= stables; s++) {
              const seen = block(counts(canaries, c), counts(stables, s));
              const log = comparisonEvidence(seen, { stable: guessed, canary }, tolerance);
              const chance = binomial(canaries, c, trueCanary) * binomial(stables, s, trueStable);
              expectation += chance * Math.exp(log);
            }
          }
          expect(expectation).toBeLessThanOrEqual(1 + 1e-6);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it("of a limit has an expectation of at most 1 at every rate up to the limit", () => {
    fc.assert(
      fc.property(
        requests,
        rate,
        fc.double({ min: 1.1, max: 40, noNaN: true }),
        rate,
        (n, limit, odds, part) => {
          let expectation = 0;
          for (let k = 0; k <= n; k++) {
            const log = limitEvidence(counts(n, k), liftedRate(limit, odds), limit);
            expectation += binomial(n, k, limit * part) * Math.exp(log);
          }
          expect(expectation).toBeLessThanOrEqual(1 + 1e-6);
        },
      ),
      { seed: 2, numRuns: 300 },
    );
  });

  it("of one arm alone is none", () => {
    const guess = { stable: 0.01, canary: 0.1 };
    expect(comparisonEvidence(block(counts(50, 50), counts(0, 0)), guess, 0)).toBe(0);
    expect(comparisonEvidence(block(counts(0, 0), counts(50, 50)), guess, 0)).toBe(0);
  });

  it("grows with the canary's errors and falls with those of the stable arm", () => {
    const guess = { stable: 0.01, canary: 0.1 };
    const log = (canary: number, stable: number) =>
      comparisonEvidence(block(counts(100, canary), counts(1900, stable)), guess, 0);
    expect(log(10, 19)).toBeGreaterThan(log(5, 19));
    expect(log(10, 19)).toBeGreaterThan(log(10, 190));
    expect(log(10, 190)).toBeLessThan(0);
  });
});
