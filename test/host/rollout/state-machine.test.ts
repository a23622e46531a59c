import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Block } from "../../../host-tools/src/rollout/arm-counts";
import type { Check } from "../../../host-tools/src/rollout/judge";
import type { RolloutPlan } from "../../../host-tools/src/rollout/rollout-plan";
import {
  firstState,
  isOver,
  type RolloutState,
} from "../../../host-tools/src/rollout/rollout-state";
import { advance, obey } from "../../../host-tools/src/rollout/state-machine";
import { block, checkAt, counts, MINUTE_MS, samplePlan, START_MS } from "./sample";

/** All states of a rollout with one check a minute. */
function history(
  plan: RolloutPlan,
  minutes: number,
  seenAt: (minute: number) => Block | undefined,
  more: (minute: number) => Partial<Check> = () => ({}),
): RolloutState[] {
  const states = [firstState(plan, "r1", START_MS)];
  for (let minute = 1; minute <= minutes; minute++) {
    const check = checkAt(minute, seenAt(minute), more(minute));
    states.push(advance(plan, states.at(-1) as RolloutState, check));
  }
  return states;
}

const last = (states: readonly RolloutState[]): RolloutState => states.at(-1) as RolloutState;
const weights = (states: readonly RolloutState[]): number[] =>
  states.map(({ weight }) => weight).filter((weight, i, all) => weight !== all[i - 1]);

/** The same share of errors in both arms. */
const both = (errors: number) => block(counts(1000, errors), counts(1000, errors));
const healthy = () => both(10);

describe("a rollout", () => {
  it("goes through all steps with their waits, and completes", () => {
    const states = history(samplePlan(), 40, healthy);
    expect(weights(states)).toEqual([5, 20, 50, 80, 100]);
    expect(last(states).phase).toBe("completed");
    const ends = last(states).done.map(({ endedMs }) => (endedMs - START_MS) / MINUTE_MS);
    expect(ends).toEqual([5, 10, 15, 20, 25]);
  });

  it("completes with 4.9 % errors and goes back to the stable arm with 5.1 %", () => {
    const below = last(history(samplePlan(), 40, () => both(49)));
    expect(below).toMatchObject({ phase: "completed", weight: 100, decidedBy: "analysis" });
    const above = last(history(samplePlan(), 40, () => both(51)));
    expect(above).toMatchObject({ phase: "rolled_back", weight: 0, decidedBy: "limit", step: 0 });
    expect(above.reason).toBe("failed check 3 of 3: errors 5.10 % > 5.00 %");
  });

  it("rolls back a canary that is worse than the stable arm, long before its step is over", () => {
    const bad = () => block(counts(100, 20), counts(1900, 19));
    const states = history(samplePlan(), 2, bad);
    expect(states[1]).toMatchObject({ phase: "rolled_back", weight: 0, decidedBy: "comparison" });
    expect(states[1]?.revision).toBe(2);
  });

  it("lets a canary with 4.9 % beside a better stable arm complete where that is not compared", () => {
    const seen = () => block(counts(1000, 49), counts(1000, 10));
    expect(last(history(samplePlan(), 40, seen)).decidedBy).toBe("comparison");
    const alone = last(history(samplePlan({ compares: false }), 40, seen));
    expect(alone.phase).toBe("completed");
  });

  it.each([
    ["no data at all", undefined],
    ["counts that are no numbers", block(counts(NaN, NaN), counts(1000, 0))],
    ["counts that cannot be", block(counts(10, 11), counts(1000, 0))],
    ["no requests of the canary", block(counts(0, 0), counts(1000, 0))],
    ["no requests of the stable arm", block(counts(1000, 0), counts(0, 0))],
  ])("holds on %s, and in the end goes back without a verdict", (_name, seen) => {
    const states = history(samplePlan(), 12, () => seen);
    expect(states.slice(0, 11).map(({ weight }) => weight)).toEqual(Array(11).fill(5));
    expect(last(states)).toMatchObject({
      phase: "inconclusive",
      weight: 0,
      decidedBy: "no-data",
    });
  });

  it("leaves traffic where it is after a hold, where the plan says so", () => {
    const states = history(samplePlan({ onHold: "stay" }), 12, () => undefined);
    expect(last(states)).toMatchObject({ phase: "inconclusive", weight: 5 });
  });

  it("needs the smallest number of requests before a step ends", () => {
    const few = () => block(counts(4, 0), counts(1000, 0));
    const states = history(samplePlan({ holdMaxMs: 60 * MINUTE_MS }), 26, few);
    expect(states[24]).toMatchObject({ step: 0, reason: "hold: 96 of 100 requests of the canary" });
    expect(states[25]?.step).toBe(1);
  });

  it("does not need the stable arm once all traffic is the canary's", () => {
    const seen = (minute: number) =>
      minute > 20 ? block(counts(1000, 10), counts(0, 0)) : healthy();
    expect(last(history(samplePlan(), 40, seen)).phase).toBe("completed");
  });

  it("goes back at once where a proxy's guard has taken the canary out", () => {
    const states = history(samplePlan(), 3, healthy, (minute) =>
      minute === 2 ? { killed: ["10.0.0.7"] } : {},
    );
    expect(states[2]).toMatchObject({ phase: "rolled_back", decidedBy: "guard", weight: 0 });
    expect(states[2]?.reason).toBe("the filter has taken the canary out in 10.0.0.7");
  });

  it("counts failed checks of latency, and holds where latency is unknown", () => {
    const plan = samplePlan({ latency: { msMax: 3000, quantile: 0.99 } });
    const slow = last(history(plan, 10, healthy, () => ({ latencyMs: 3500 })));
    expect(slow).toMatchObject({ phase: "rolled_back", decidedBy: "latency" });
    expect(slow.reason).toBe("failed check 3 of 3: p99 3500 ms > 3000 ms");
    const unknown = history(plan, 8, healthy, () => ({ latencyMs: NaN }));
    expect(last(unknown)).toMatchObject({ phase: "progressing", step: 0 });
    expect(last(history(plan, 40, healthy, () => ({ latencyMs: 2500 }))).phase).toBe("completed");
  });

  it("does not count time in which nobody looked as waiting", () => {
    const plan = samplePlan();
    const before = last(history(plan, 2, healthy));
    const after = advance(plan, before, checkAt(60, healthy()));
    expect(after.step).toBe(0);
    expect(after.stepStartedMs - before.stepStartedMs).toBe(56 * MINUTE_MS);
  });

  it("mirrors before its first weight, within the copies that an hour may have", () => {
    const plan = samplePlan({
      steps: [{ kind: "mirror", weight: 0, waitMs: 10 * MINUTE_MS }, ...samplePlan().steps],
      mirror: { percent: 10, requestsPerHourMax: 200 },
    });
    const states = history(plan, 10, () => block(counts(0, 0), counts(1000, 10)));
    expect(states[0]).toMatchObject({ weight: 0, mirrorPercent: 10 });
    expect(states[9]?.mirrorBudget.copies).toBeLessThanOrEqual(200);
    expect(states[9]?.mirrorPercent).toBeLessThan(1);
    expect(states[10]).toMatchObject({ weight: 5, mirrorPercent: 0, step: 1 });
  });
});

describe("an operator", () => {
  const plan = samplePlan();
  const state = firstState(plan, "r1", START_MS);

  it("pauses: bad canaries still go, good ones go no further", () => {
    const paused = obey(plan, state, "pause", START_MS);
    expect(paused).toMatchObject({ phase: "paused", revision: 2, weight: 5 });
    const later = [1, 5, 6, 7].reduce(
      (now, minute) => advance(plan, now, checkAt(minute, healthy())),
      paused,
    );
    expect(later).toMatchObject({ phase: "paused", step: 0 });
    const bad = advance(plan, later, checkAt(8, block(counts(100, 40), counts(1900, 19))));
    expect(bad).toMatchObject({ phase: "rolled_back", weight: 0 });
    expect(obey(plan, later, "resume", START_MS)).toMatchObject({ phase: "progressing" });
  });

  it("aborts to the stable arm, and promotes the canary", () => {
    expect(obey(plan, state, "abort", START_MS)).toMatchObject({ phase: "rolled_back", weight: 0 });
    const promoted = obey(plan, state, "promote", START_MS);
    expect(promoted).toMatchObject({ phase: "completed", weight: 100, decidedBy: "operator" });
  });

  it("aborts a canary that has taken over, and only that of the policy's arms", () => {
    const promoted = obey(plan, state, "promote", START_MS);
    const back = obey(plan, promoted, "abort", START_MS);
    expect(back).toMatchObject({
      phase: "rolled_back",
      weight: 0,
      decidedBy: "operator",
      revision: promoted.revision + 1,
    });
    expect(back.done).toEqual(promoted.done);
    for (const order of ["pause", "resume", "promote"] as const) {
      expect(obey(plan, promoted, order, START_MS)).toBe(promoted);
    }
    const others = { ...promoted, stable: promoted.canary, canary: promoted.stable };
    expect(obey(plan, others, "abort", START_MS)).toBe(others);
  });

  it("changes nothing that is over", () => {
    const over = obey(plan, state, "abort", START_MS);
    for (const order of ["pause", "resume", "abort", "promote"] as const) {
      expect(obey(plan, over, order, START_MS)).toBe(over);
    }
  });
});

describe("whatever is seen", () => {
  const anyCounts = fc.record({
    requests: fc.integer({ min: 0, max: 3000 }),
    permille: fc.integer({ min: 0, max: 1000 }),
  });
  const anyBlock = fc.option(
    fc
      .record({ canary: anyCounts, stable: anyCounts })
      .map(({ canary, stable }) =>
        block(
          counts(canary.requests, Math.floor((canary.requests * canary.permille) / 1000)),
          counts(stable.requests, Math.floor((stable.requests * stable.permille) / 1000)),
        ),
      ),
    { nil: undefined, freq: 4 },
  );
  const anyCheck = fc.record({
    seen: fc.oneof(
      { weight: 3, arbitrary: fc.constant(healthy()) },
      { weight: 1, arbitrary: anyBlock },
    ),
    isKilled: fc.boolean().map((killed) => killed),
    gapMinutes: fc.integer({ min: 1, max: 4 }),
    luck: fc.integer({ min: 0, max: 40 }),
  });

  it("weights only go up until they go to 0, and nothing follows an end", () => {
    fc.assert(
      fc.property(fc.array(anyCheck, { maxLength: 60 }), (checks) => {
        const plan = samplePlan();
        let state = firstState(plan, "r1", START_MS);
        let minute = 0;
        for (const { seen, isKilled, gapMinutes, luck } of checks) {
          const before = state;
          minute += gapMinutes;
          const killed = isKilled && luck === 0 ? ["p"] : [];
          state = advance(plan, before, checkAt(minute, seen, { killed }));
          if (isOver(before)) expect(state).toBe(before);
          if (state.phase === "rolled_back") expect(state.weight).toBe(0);
          else if (state.phase !== "inconclusive") {
            expect(state.weight).toBeGreaterThanOrEqual(before.weight);
          }
          const isChange = state.weight !== before.weight || state.phase !== before.phase;
          expect(state.revision - before.revision).toBe(
            isChange || state.step !== before.step ? 1 : 0,
          );
          if (state.step !== before.step || state.phase === "completed") {
            if (!isOver(before)) {
              expect(seen?.canary.requests).toBeGreaterThan(0);
              expect(state.done.at(-1)?.counts.canary.requests).toBeGreaterThanOrEqual(
                plan.requestsMin,
              );
            }
          }
        }
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
