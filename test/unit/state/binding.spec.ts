// Learnt state is found again by name, and only what no configuration in force knows is replaced.

import {
  ARM_STATES_MAX,
  OUTCOME_FAILURE,
  OUTCOME_OVERLOAD,
  OUTCOME_SUCCESS,
  addOutcome,
  armName,
  armState,
  bindArm,
  errorAt,
  isEjected,
  judge,
} from "../../../assembly/state/arm-state";
import {
  LIMIT_STATES_MAX,
  bindLimit,
  limitName,
  limitState,
} from "../../../assembly/state/limit-state";
import {
  ROUTE_STATES_MAX,
  bindRoute,
  routeName,
  routeState,
} from "../../../assembly/state/route-state";

const NAME = memory.data<u8>([0x63, 0x68, 0x61, 0x74]);

function route(hash: u64, sequence: u32, oldest: u32): i32 {
  return bindRoute(hash, NAME, 4, sequence, oldest);
}

function arm(hash: u64, sequence: u32, oldest: u32): i32 {
  return bindArm(hash, NAME, 4, 0, sequence, oldest);
}

function limit(hash: u64, sequence: u32, oldest: u32): i32 {
  return bindLimit(hash, NAME, 4, 0, sequence, oldest);
}

describe("a route's state", () => {
  it("is the same for the same name, and keeps what it learnt", () => {
    const first = route(11, 1, 1);
    routeState(first).requests = 5;
    expect(route(11, 2, 2)).toBe(first);
    expect(routeState(first).requests).toBe(5);
    expect(load<u32>(routeName(routeState(first)))).toBe(load<u32>(NAME));
    expect(route(12, 2, 2)).not.toBe(first);
  });

  it("is replaced only when nothing in force refers to it and nothing is in flight", () => {
    for (let i = 0; i < ROUTE_STATES_MAX; i++) route(1000 + <u64>i, 10, 10);
    expect(route(5000, 11, 10)).toBe(-1);
    const busy = route(1000, 10, 10);
    for (let i = 1; i < ROUTE_STATES_MAX; i++) route(1000 + <u64>i, 11, 11);
    routeState(busy).inFlight = 1;
    expect(route(5000, 12, 11)).toBe(-1);
    routeState(busy).inFlight = 0;
    routeState(busy).requests = 99;
    expect(route(5000, 12, 11)).toBe(busy);
    expect(routeState(busy).requests).toBe(0);
  });

  it("gives way oldest first", () => {
    for (let i = 0; i < ROUTE_STATES_MAX; i++) route(7000 + <u64>i, i == 40 ? 20 : 21, 20);
    const oldest = route(7040, 20, 20);
    expect(route(9999, 30, 25)).toBe(oldest);
  });
});

describe("an arm's state", () => {
  it("is the same for the same name", () => {
    const first = arm(21, 1, 1);
    armState(first).requests = 7;
    expect(arm(21, 5, 5)).toBe(first);
    expect(armState(first).requests).toBe(7);
    expect(load<u32>(armName(armState(first)))).toBe(load<u32>(NAME));
  });

  it("is not to be had when every place is in use", () => {
    for (let i = 0; i < ARM_STATES_MAX; i++) arm(100000 + <u64>i, 10, 10);
    expect(arm(5, 10, 10)).toBe(-1);
    expect(arm(5, 11, 11)).toBeGreaterThanOrEqual(0);
  });
});

describe("a limit's state", () => {
  it("is the same for the same name, and replaced when unbound", () => {
    const first = limit(31, 1, 1);
    limitState(first).admitted = 3;
    expect(limit(31, 2, 2)).toBe(first);
    expect(limitState(first).admitted).toBe(3);
    expect(load<u32>(limitName(limitState(first)))).toBe(load<u32>(NAME));
    for (let i = 0; i < LIMIT_STATES_MAX; i++) limit(1000 + <u64>i, 3, 3);
    expect(limit(5, 3, 3)).toBe(-1);
    expect(limit(5, 4, 4)).toBeGreaterThanOrEqual(0);
  });
});

describe("an arm's errors", () => {
  it("are believed less as they get old, and reading does not change them", () => {
    const state = armState(arm(41, 50, 50));
    for (let i = 0; i < 100; i++) addOutcome(state, OUTCOME_FAILURE, 1000);
    expect(errorAt(state, 1000)).toBeGreaterThan(0.99);
    const half = errorAt(state, 4500);
    expect(half).toBeGreaterThan(0.49);
    expect(half).toBeLessThan(0.51);
    expect(errorAt(state, 4500)).toBe(half);
  });

  it("take a refusal for half a failure", () => {
    const state = armState(arm(46, 50, 50));
    for (let i = 0; i < 100; i++) addOutcome(state, OUTCOME_OVERLOAD, 1000);
    expect(errorAt(state, 1000)).toBeGreaterThan(0.49);
    expect(errorAt(state, 1000)).toBeLessThanOrEqual(0.5);
  });

  it("eject after enough outcomes, twice as long each time, ten times at most", () => {
    const state = armState(arm(42, 50, 50));
    let nowMs: f64 = 1000;
    let expected: f64 = 100;
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < 50 && !isEjected(state, nowMs); i++) {
        addOutcome(state, OUTCOME_FAILURE, nowMs);
        judge(state, nowMs, 0.5, 20, 100);
      }
      expect(isEjected(state, nowMs)).toBe(true);
      expect(state.ejectedUntilMs - nowMs).toBe(Math.min(expected, 1000));
      nowMs = state.ejectedUntilMs;
      expect(isEjected(state, nowMs)).toBe(false);
      expected *= 2;
    }
  });

  it("never eject at a limit of 0, or before the least number of outcomes", () => {
    const state = armState(arm(43, 50, 50));
    for (let i = 0; i < 100; i++) {
      addOutcome(state, OUTCOME_FAILURE, 1000);
      judge(state, 1000, 0, 1, 100);
    }
    expect(isEjected(state, 1000)).toBe(false);
    const young = armState(arm(44, 50, 50));
    for (let i = 0; i < 19; i++) {
      addOutcome(young, OUTCOME_FAILURE, 1000);
      judge(young, 1000, 0.5, 20, 100);
    }
    expect(isEjected(young, 1000)).toBe(false);
  });

  it("are forgiven after a healthy stretch", () => {
    const state = armState(arm(45, 50, 50));
    for (let i = 0; i < 20; i++) {
      addOutcome(state, OUTCOME_FAILURE, 1000);
      judge(state, 1000, 0.5, 20, 100);
    }
    expect(state.ejections).toBe(1);
    for (let i = 0; i < 60; i++) {
      addOutcome(state, OUTCOME_SUCCESS, 2000 + <f64>i * 100);
      judge(state, 2000 + <f64>i * 100, 0.5, 20, 100);
    }
    expect(state.ejections).toBe(0);
    expect(isEjected(state, 9000)).toBe(false);
  });
});
