import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRESH_MIRROR_BUDGET, spendMirror } from "../../../host-tools/src/rollout/mirror-budget";
import { MINUTE_MS, START_MS } from "./sample";

const PLAN = { percent: 10, requestsPerHourMax: 600 };

describe("the budget of a mirror", () => {
  it("lowers the share so that an hour at this rate stays within it", () => {
    let { budget, percent } = spendMirror(PLAN, FRESH_MIRROR_BUDGET, 0, 10, START_MS);
    expect(percent).toBe(10);
    for (let minute = 1; minute < 60; minute++) {
      ({ budget, percent } = spendMirror(
        PLAN,
        budget,
        600,
        percent,
        START_MS + minute * MINUTE_MS,
      ));
    }
    expect(budget.copies).toBeGreaterThan(550);
    expect(budget.copies).toBeLessThanOrEqual(660);
  });

  it("stops when it is spent, and begins again with the next hour", () => {
    const started = spendMirror(PLAN, FRESH_MIRROR_BUDGET, 0, 10, START_MS);
    const spent = spendMirror(PLAN, started.budget, 6000, 10, START_MS + MINUTE_MS);
    expect(spent.percent).toBe(0);
    const still = spendMirror(PLAN, spent.budget, 6000, 0, START_MS + 59 * MINUTE_MS);
    expect(still.percent).toBe(0);
    const next = spendMirror(PLAN, still.budget, 0, 0, START_MS + 60 * MINUTE_MS);
    expect(next.percent).toBe(10);
  });

  it("never copies anything with a cap of 0, and never more than the plan's share", () => {
    const none = { percent: 10, requestsPerHourMax: 0 };
    expect(spendMirror(none, FRESH_MIRROR_BUDGET, 0, 10, START_MS).percent).toBe(0);
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { maxLength: 80 }), (rates) => {
        let { budget, percent } = spendMirror(PLAN, FRESH_MIRROR_BUDGET, 0, 10, START_MS);
        rates.forEach((requests, i) => {
          const before = budget;
          const atMs = START_MS + (i + 1) * MINUTE_MS;
          ({ budget, percent } = spendMirror(PLAN, budget, requests, percent, atMs));
          expect(percent).toBeLessThanOrEqual(10);
          if (budget.copies >= PLAN.requestsPerHourMax) expect(percent).toBe(0);
          if (budget.hourStartedMs === before.hourStartedMs) {
            expect(budget.copies).toBeGreaterThanOrEqual(before.copies);
          }
        });
      }),
      { seed: 6, numRuns: 200 },
    );
  });
});
