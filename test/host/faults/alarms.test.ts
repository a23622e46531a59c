import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALARM_GAP_MS, alarmStarts, fitThreshold } from "../../../host-tools/src/faults/alarms";
import type { AlarmSeries } from "../../../host-tools/src/faults/alarms";

const HOUR_MS = 3_600_000;

/** One value a second. */
const everySecond = (value: readonly number[]): AlarmSeries => ({
  atMs: value.map((_, i) => i * 1000),
  value,
});

describe("alarms of a series", () => {
  it("begin where the value reaches the threshold, and last while it does so within a minute", () => {
    const value = new Array<number>(300).fill(0);
    value[10] = value[40] = value[99] = 5;
    value[200] = 4;
    expect(alarmStarts(everySecond(value), 5, 0)).toEqual([10_000]);
    expect(alarmStarts(everySecond(value), 4, 0)).toEqual([10_000, 200_000]);
  });

  it("begin anew when more than the gap was quiet", () => {
    const series = { atMs: [0, ALARM_GAP_MS, 2 * ALARM_GAP_MS + 1], value: [1, 1, 1] };
    expect(alarmStarts(series, 1, 0)).toEqual([0, 2 * ALARM_GAP_MS + 1]);
  });

  it("leave out the warm-up and what is no number", () => {
    const series = { atMs: [0, 1000, 2000], value: [9, NaN, 9] };
    expect(alarmStarts(series, 1, 500)).toEqual([2000]);
  });
});

describe("a fitted threshold", () => {
  const healthyOf = (value: readonly number[]) => [
    { series: everySecond(value), fromMs: 0, untilMs: HOUR_MS },
  ];

  it("is the largest peak of an hour but the one that is allowed", () => {
    const value = Array.from({ length: 3600 }, (_, i) => (i % 300 === 0 ? 100 - i / 300 : 1));
    expect(fitThreshold(healthyOf(value), 1)).toBe(100);
    expect(fitThreshold(healthyOf(value), 3)).toBe(98);
  });

  it("lies above everything where no alarm is allowed", () => {
    expect(fitThreshold(healthyOf([1, 2, 3]), 0)).toBeGreaterThan(3);
  });

  it("does not take one long alarm for few alarms", () => {
    // At 0 all of it is one alarm; at 1 there are many, so 0 is no threshold.
    const value = Array.from({ length: 3600 }, (_, i) => (i % 120 === 0 ? 1 : 0));
    expect(fitThreshold(healthyOf(value), 1)).toBeGreaterThan(1);
  });

  it("keeps to the allowed alarms whatever the series", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 200, maxLength: 800 }),
        fc.integer({ min: 0, max: 5 }),
        (value, perHour) => {
          const healthy = healthyOf(value.map((one, i) => one + (i % 7) / 10));
          const threshold = fitThreshold(healthy, perHour);
          const alarms = alarmStarts(healthy[0]!.series, threshold, 0).length;
          expect(alarms).toBeLessThanOrEqual(perHour);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });
});
