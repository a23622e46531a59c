// The comparison of a canary with the stable arm beside it: which way the evidence goes, and that no number
// of answers makes it leave its range.

import {
  CANARY_EVIDENCE_MAX,
  CanaryState,
  bindCanary,
  canaryState,
} from "../../../assembly/state/canary-state";
import { compareAnswer, noteStable } from "../../../assembly/state/stable-comparison";

function fresh(): CanaryState {
  bindCanary(5, 0);
  bindCanary(5, 21);
  return canaryState(5);
}

function stable(state: CanaryState, answers: i32, errors: i32): void {
  for (let i = 0; i < answers; i++) noteStable(state, i < errors);
}

describe("the comparison with the stable arm", () => {
  it("says nothing while the stable arm has answered nothing", () => {
    const state = fresh();
    expect(compareAnswer(state, true, 16)).toBe(0);
    stable(state, 5, 0);
    expect(compareAnswer(state, true, 16)).toBeGreaterThan(0);
    expect(compareAnswer(state, true, 16)).toBe(0);
  });

  it("rises by a failure beside good answers, and falls by a good one", () => {
    const state = fresh();
    stable(state, 19, 0);
    expect(compareAnswer(state, true, 16)).toBeGreaterThan(65536);
    stable(state, 19, 0);
    expect(compareAnswer(state, false, 16)).toBeLessThan(0);
  });

  it("falls where the stable arm fails as well", () => {
    const state = fresh();
    let sum = 0;
    for (let i = 0; i < 20; i++) {
      stable(state, 19, 10);
      sum += compareAnswer(state, (i & 1) == 0, 16);
    }
    expect(sum).toBeLessThan(0);
  });

  it("forgets what the stable arm did long before the canary's answer", () => {
    const state = fresh();
    stable(state, 1000, 0);
    expect(state.blockRequests).toBe(0);
    expect(state.pastRequests).toBe(1000);
    stable(state, 100000, 0);
    expect(state.pastRequests).toBeLessThan(40000);
  });

  it("stays in range whatever it is given", () => {
    const state = fresh();
    let outside = 0;
    for (let odds = 0; odds <= 1000; odds += 100) {
      for (let i = 0; i < 2000; i++) {
        stable(state, i & 63, (i >> 6) & 15);
        const evidence = compareAnswer(state, (i & 3) == 0, odds);
        if (evidence > CANARY_EVIDENCE_MAX || evidence < -CANARY_EVIDENCE_MAX) outside++;
      }
    }
    expect(outside).toBe(0);
  });
});
