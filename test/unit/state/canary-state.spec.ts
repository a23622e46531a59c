// The evidence against a canary: any number that shared data may hold is brought into range, and
// nothing overflows.

import {
  CANARY_EVIDENCE_MAX,
  CanaryState,
  bindCanary,
  canaryState,
  foundBad,
  weighAnswer,
} from "../../../assembly/state/canary-state";
import { nextBelow, seedStream } from "../random-stream";

const FLOOR: i32 = 452707;

function fresh(hash: u64): CanaryState {
  bindCanary(3, 0);
  bindCanary(3, hash);
  return canaryState(3);
}

describe("the evidence against a canary", () => {
  it("rises by an error's step, falls by any other answer's, and stops at the floor", () => {
    const state = fresh(7);
    weighAnswer(state, true, 1000, 10, 25, 0);
    expect(state.evidenceQ16).toBe(1000);
    for (let i = 0; i < 200; i++) weighAnswer(state, false, 1000, 10, 25, 0);
    expect(state.evidenceQ16).toBe(-25);
    expect(state.requests).toBe(201);
    expect(state.errors).toBe(1);
  });

  it("stays in range from wherever it starts", () => {
    seedStream(11);
    const state = fresh(8);
    let outside = 0;
    for (let i = 0; i < 20000; i++) {
      state.evidenceQ16 = <i32>((nextBelow(65536) << 16) | nextBelow(65536));
      weighAnswer(state, nextBelow(2) == 0, 1048576, 1048576, FLOOR, 0);
      if (state.evidenceQ16 < -FLOOR || state.evidenceQ16 > CANARY_EVIDENCE_MAX) outside++;
    }
    expect(outside).toBe(0);
  });

  it("counts no further than there are numbers", () => {
    const state = fresh(9);
    state.requests = u32.MAX_VALUE;
    state.errors = u32.MAX_VALUE;
    weighAnswer(state, true, 1, 1, 1, 0);
    expect(state.requests).toBe(u32.MAX_VALUE);
    expect(state.errors).toBe(u32.MAX_VALUE);
  });
});

describe("a comparison with the stable arm", () => {
  it("is enough only where the errors are more than a handful as well", () => {
    const state = fresh(12);
    state.requests = 1000;
    state.comparisonQ16 = 500;
    expect(foundBad(state, 500, 10)).toBe(false);
    state.aboveQ16 = 500;
    expect(foundBad(state, 500, 10)).toBe(true);
    state.comparisonQ16 = 499;
    expect(foundBad(state, 500, 10)).toBe(false);
  });
});

describe("a canary", () => {
  it("is bad from the threshold on, and never before enough answers", () => {
    const state = fresh(10);
    state.evidenceQ16 = 500;
    state.requests = 9;
    expect(foundBad(state, 500, 10)).toBe(false);
    state.requests = 10;
    expect(foundBad(state, 500, 10)).toBe(true);
    expect(foundBad(state, 501, 10)).toBe(false);
  });

  it("keeps what is known of it until another one takes its place", () => {
    const state = fresh(11);
    state.killedS = 1;
    bindCanary(3, 11);
    expect(state.killedS).toBe(1);
    bindCanary(3, 12);
    expect(state.killedS).toBe(0);
  });
});
