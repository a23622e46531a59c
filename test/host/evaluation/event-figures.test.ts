import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  eventFigures,
  falseAlarms,
  pointAdjustedF1,
} from "../../../host-tools/src/evaluation/event-figures";
import { labelledRanges } from "../../../host-tools/src/evaluation/labelled-ranges";

const labels = Uint8Array.from([0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0]);

describe("labelled ranges", () => {
  it("are the runs of ones, those at both ends included", () => {
    expect(labelledRanges(Uint8Array.from([1, 1, 0, 1, 0, 0, 1]))).toEqual([
      { first: 0, last: 1 },
      { first: 3, last: 3 },
      { first: 6, last: 6 },
    ]);
    expect(labelledRanges(new Uint8Array(4))).toEqual([]);
  });
});

describe("incidents found within a budget of false alarms", () => {
  const scores = Float64Array.from([0, 6, 1, 9, 2, 0, 5, 0, 1, 4, 0, 3]);

  it("count an alarm that touches an incident for it, from its first point inside", () => {
    // At 9 the first incident is found at its second point. At 6 point 1 is raised alone: a false alarm.
    expect(eventFigures(scores, labels, 0)).toEqual({
      threshold: 9,
      falseAlarms: 0,
      recall: 0.5,
      delaySamples: 1,
    });
  });

  it("grow with the budget", () => {
    // Two false alarms (points 1 and 6) allow 4, where the second incident is found at its second point.
    expect(eventFigures(scores, labels, 2)).toEqual({
      threshold: 4,
      falseAlarms: 2,
      recall: 1,
      delaySamples: 1,
    });
  });

  it("are none where the greatest score is a false alarm", () => {
    const figures = eventFigures(Float64Array.from([9, 0, 1]), Uint8Array.from([0, 0, 1]), 0);
    expect(figures.recall).toBe(0);
    expect(figures.delaySamples).toBeNaN();
  });

  it("never have more false alarms than allowed, and the count is that of the runs", () => {
    const random = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.boolean()), {
      minLength: 5,
      maxLength: 80,
    });
    fc.assert(
      fc.property(random, fc.integer({ min: 0, max: 5 }), (points, budget) => {
        const values = Float64Array.from(points, ([score]) => score);
        const flags = Uint8Array.from(points, ([, label]) => Number(label));
        const figures = eventFigures(values, flags, budget);
        expect(figures.falseAlarms).toBeLessThanOrEqual(budget);
        const next = [...new Set(values)].sort((a, b) => b - a);
        const lower = next.find((level) => level < figures.threshold);
        if (lower !== undefined) expect(falseAlarms(values, flags, lower)).toBeGreaterThan(budget);
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});

describe("point-adjusted F1", () => {
  it("counts an incident whole for one of its points", () => {
    const scores = Float64Array.from([0, 0, 0, 9, 0, 0, 0, 0, 0, 8, 0, 0]);
    expect(pointAdjustedF1(scores, labels)).toBe(1);
  });

  it("is the plain F1 where every incident is one point", () => {
    const single = Uint8Array.from([0, 1, 0, 0, 1, 0]);
    const scores = Float64Array.from([3, 9, 1, 5, 4, 0]);
    // Best at 4: points 1, 3 and 4 are raised, two of them rightly, and none is missed.
    expect(pointAdjustedF1(scores, single)).toBeCloseTo((2 * 2) / (3 + 2), 12);
  });
});
