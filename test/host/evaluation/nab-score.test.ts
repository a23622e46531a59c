// The benchmark's score against cases worked out by hand from its definition.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type {
  CostProfile,
  NabSeries,
  NabWindow,
} from "../../../host-tools/src/evaluation/nab-data";
import {
  bestNabScore,
  nabScoreAt,
  probationRows,
  scaledSigmoid,
} from "../../../host-tools/src/evaluation/nab-score";

const STANDARD: CostProfile = { name: "standard", found: 1, missed: 1, falseAlarm: 0.11 };
const LOW_FN: CostProfile = { name: "reward_low_FN_rate", found: 1, missed: 2, falseAlarm: 0.11 };

const ROWS = 100;

function series(windows: readonly NabWindow[], rows = ROWS): NabSeries {
  const timesMs = Float64Array.from({ length: rows }, (_, row) => row * 300_000);
  return { name: "a/b.csv", timesMs, values: new Float32Array(rows), windows };
}

/** Scores that are 1 in the given rows and 0 elsewhere. */
function detections(...at: number[]): Float32Array {
  const scores = new Float32Array(ROWS);
  for (const row of at) scores[row] = 1;
  return scores;
}

function scoreOf(one: NabSeries, scores: Float32Array, profile = STANDARD): number {
  return nabScoreAt([one], [scores], profile, 1);
}

describe("the benchmark's sigmoid", () => {
  it("is 0 at a window's end, and as published one window before and behind it", () => {
    expect(scaledSigmoid(0)).toBe(0);
    // 2 / (1 + e^-5) - 1 = 0.98661429815143
    expect(scaledSigmoid(-1)).toBeCloseTo(0.98661429815143, 12);
    expect(scaledSigmoid(1)).toBeCloseTo(-0.98661429815143, 12);
  });

  it("is -1 from three window widths behind on", () => {
    expect(scaledSigmoid(3.01)).toBe(-1);
  });
});

describe("the probation", () => {
  it("is 15 % of a series, at most 750 rows", () => {
    expect(probationRows(4032)).toBe(604);
    expect(probationRows(22695)).toBe(750);
  });

  it("hides what is detected in it", () => {
    expect(scoreOf(series([{ first: 40, last: 49 }]), detections(3, 14, 40))).toBe(100);
    expect(scoreOf(series([{ first: 40, last: 49 }]), detections(15, 40))).toBeLessThan(100);
  });
});

describe("the score", () => {
  const one = series([{ first: 40, last: 49 }]);

  it("is 0 for silence and 100 for a detection in a window's first row", () => {
    expect(scoreOf(one, detections())).toBe(0);
    expect(scoreOf(one, detections(40))).toBe(100);
  });

  it("is lower for a later detection", () => {
    // The last row is 1 of 10 rows before the end: s(-0.1) / s(-1) = 0.24491866 / 0.98661430.
    const late = 0.244918662403709 / 0.98661429815143;
    expect(scoreOf(one, detections(49))).toBeCloseTo(50 * (late + 1), 9);
  });

  it("counts the first detection of a window alone", () => {
    expect(scoreOf(one, detections(44, 45, 49))).toBe(scoreOf(one, detections(44)));
  });

  it("takes a whole false alarm where no window came before", () => {
    // raw = 1 - 0.11; null = -1, perfect = 1.
    expect(scoreOf(one, detections(20, 40))).toBeCloseTo((100 * (0.89 + 1)) / 2, 9);
  });

  it("takes less for a false alarm right behind a window", () => {
    // Row 51 is 2 rows behind the end of a window of 10: s(2 / 9) = -0.50471...
    const share = 2 / (1 + Math.exp(10 / 9)) - 1;
    expect(scoreOf(one, detections(40, 51))).toBeCloseTo(50 * (2 + 0.11 * share), 9);
    expect(scoreOf(one, detections(40, 99))).toBeCloseTo(50 * (2 - 0.11), 9);
  });

  it("weighs a missed window by the profile", () => {
    const two = series([
      { first: 30, last: 39 },
      { first: 70, last: 79 },
    ]);
    // raw = 1 - missed; null = -2 missed, perfect = 2.
    expect(scoreOf(two, detections(30))).toBeCloseTo((100 * (0 + 2)) / 4, 9);
    expect(scoreOf(two, detections(30), LOW_FN)).toBeCloseTo((100 * (-1 + 4)) / 6, 9);
  });

  it("may fall below silence", () => {
    const noisy = new Float32Array(ROWS).fill(1);
    noisy.fill(0, 40, 50);
    expect(scoreOf(one, noisy)).toBeLessThan(0);
  });
});

describe("the best threshold", () => {
  it("is one for all series, between what to keep and what to leave", () => {
    const first = Float32Array.from({ length: ROWS }, (_, row) => (row === 40 ? 0.9 : 0.1));
    const second = Float32Array.from({ length: ROWS }, (_, row) => (row === 60 ? 0.7 : 0.5));
    const set = [series([{ first: 40, last: 49 }]), series([{ first: 60, last: 69 }])];
    const best = bestNabScore(set, [first, second], STANDARD);
    expect(best).toEqual({ score: 100, threshold: Math.fround(0.7) });
  });

  it("takes all rows of one score or none of them", () => {
    const level = new Float32Array(ROWS).fill(0.5);
    const set = [series([{ first: 90, last: 94 }])];
    const best = bestNabScore(set, [level], { ...STANDARD, falseAlarm: 1 });
    expect(best).toEqual({ score: 0, threshold: Number.POSITIVE_INFINITY });
  });

  it("is none where nothing is anomalous", () => {
    expect(bestNabScore([series([])], [detections(50)], STANDARD).score).toBe(0);
  });

  it("scores as the same threshold given by hand, and no other scores more", () => {
    const levels = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: ROWS, maxLength: ROWS });
    fc.assert(
      fc.property(levels, levels, (a, b) => {
        const set = [series([{ first: 20, last: 31 }]), series([{ first: 50, last: 80 }])];
        const scores = [Float32Array.from(a), Float32Array.from(b)];
        const best = bestNabScore(set, scores, LOW_FN);
        expect(nabScoreAt(set, scores, LOW_FN, best.threshold)).toBeCloseTo(best.score, 9);
        for (let threshold = 0; threshold <= 7; threshold++) {
          const other = nabScoreAt(set, scores, LOW_FN, threshold);
          expect(other).toBeLessThanOrEqual(best.score + 1e-9);
        }
      }),
      { seed: 11, numRuns: 100 },
    );
  });
});
