// Detectors with bounds checks on: what an all-zero state is, and what odd values and weights do to it.

import { EVIDENCE_MAX } from "../../../assembly/contract/evidence";
import { Extremes, stepExtremes } from "../../../assembly/statistics/extremes";
import { LevelShift, REACH_FREE, stepLevelShift } from "../../../assembly/statistics/level-shift";
import { nextShare, surplusOf } from "../../../assembly/statistics/share";
import { TimeOfDay, stepTimeOfDay } from "../../../assembly/statistics/time-of-day";
import { nextUniform, seedStream } from "../random-stream";

const DAY_MS: f64 = 86400000;
const state = memory.data(512, 8);

function shift(x: f32, reach: f32): f32 {
  return stepLevelShift(changetype<LevelShift>(state), x, 0.125, 0.01, 1e-3, reach);
}

function hourly(x: f32, nowMs: f64): f32 {
  return stepTimeOfDay(changetype<TimeOfDay>(state), x, nowMs, nowMs % DAY_MS, 0.03, 1e-3);
}

function extreme(x: f32): bool {
  return stepExtremes(changetype<Extremes>(state), x);
}

describe("a level shift", () => {
  beforeEach(() => {
    memory.fill(state, 0, 512);
  });

  it("is none with the first value, whatever it is", () => {
    expect(shift(1e12, REACH_FREE)).toBe(0);
  });

  it("is none while the values stay the same", () => {
    for (let i = 0; i < 100; i++) expect(shift(42, REACH_FREE)).toBe(0);
  });

  it("points the way the values went", () => {
    seedStream(1);
    for (let i = 0; i < 500; i++) shift(<f32>nextUniform(), REACH_FREE);
    expect(shift(30, REACH_FREE)).toBeGreaterThan(1);
    for (let i = 0; i < 500; i++) shift(<f32>nextUniform(), REACH_FREE);
    expect(shift(-30, REACH_FREE)).toBeLessThan(-1);
  });

  it("pulls the slow average no further than the reach", () => {
    seedStream(2);
    for (let i = 0; i < 500; i++) shift(<f32>nextUniform(), 3);
    const average = changetype<LevelShift>(state);
    const before = average.slow;
    const deviation = Mathf.sqrt(average.variance);
    shift(1e9, 3);
    expect(average.slow - before).toBeLessThan(0.011 * 3 * (deviation + 0.01));
  });
});

describe("the time of day", () => {
  beforeEach(() => {
    memory.fill(state, 0, 512);
  });

  it("says nothing in the first two days", () => {
    let said = 0;
    for (let i = 0; i < 48 * 12; i++) if (hourly(5, <f64>i * 300000) != -1) said++;
    expect(said).toBe(0);
    expect(hourly(5, 48 * 3600000)).toBe(0);
  });

  it("says nothing where the wall clock is not known", () => {
    const clock = changetype<TimeOfDay>(state);
    let said = 0;
    for (let i = 0; i < 5000; i++) {
      if (stepTimeOfDay(clock, 5, <f64>i * 300000, NaN, 0.03, 1e-3) != -1) said++;
    }
    expect(said).toBe(0);
  });

  it("takes any moment of the day, the last millisecond too", () => {
    const clock = changetype<TimeOfDay>(state);
    for (let i = 0; i < 8; i++) stepTimeOfDay(clock, 1, <f64>i * DAY_MS, 86399999.999, 0.03, 1e-3);
    expect(stepTimeOfDay(clock, 9, 9 * DAY_MS, 86399999.999, 0.03, 1e-3)).toBeGreaterThan(1);
    expect(stepTimeOfDay(clock, 9, 9 * DAY_MS, 86400000, 0.03, 1e-3)).toBe(-1);
    expect(stepTimeOfDay(clock, 9, 9 * DAY_MS, -1, 0.03, 1e-3)).toBe(-1);
  });
});

describe("an extreme", () => {
  beforeEach(() => {
    memory.fill(state, 0, 512);
  });

  it("is none among the first 64 values", () => {
    for (let i = 0; i < 64; i++) expect(extreme(<f32>(i * i))).toBe(false);
    expect(extreme(10000)).toBe(true);
  });

  it("is beyond the range by more than 4 % of it, on either side", () => {
    for (let i = 0; i < 100; i++) extreme(<f32>(i % 2) * 100);
    expect(extreme(103.5)).toBe(false);
    expect(extreme(-4.5)).toBe(true);
    expect(extreme(110)).toBe(true);
    expect(extreme(110)).toBe(false);
  });
});

describe("a share", () => {
  it("has a surplus in standard deviations, the more the more was seen", () => {
    expect(surplusOf(0, 10, 0)).toBe(0);
    expect(surplusOf(2, 10, 0.2)).toBe(0);
    expect(surplusOf(10, 50, 0.1)).toBeGreaterThan(surplusOf(2, 10, 0.1));
    expect(surplusOf(0, 50, 0.1)).toBeLessThan(0);
  });

  it("stays between 0 and 1, and moves by a bounded step where it is clipped", () => {
    expect(nextShare(10, 10, 0.5, 1, false)).toBe(1);
    expect(nextShare(0, 10, 0.5, 1, false)).toBe(0);
    expect(nextShare(100, 100, 0, 0.01, true)).toBeLessThan(0.00031);
  });
});

describe("evidence", () => {
  it("fits the places that keep it", () => {
    expect(EVIDENCE_MAX).toBeLessThan(65536);
  });
});
