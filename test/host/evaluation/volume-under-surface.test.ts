import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aucPr } from "../../../host-tools/src/evaluation/ranking-curves";
import { thresholdLevels, vusPr } from "../../../host-tools/src/evaluation/volume-under-surface";
import { naiveVusPr } from "./naive-volume";

const series = fc
  .integer({ min: 8, max: 120 })
  .chain((length) =>
    fc.tuple(
      // Few distinct scores, so that ties are common.
      fc.array(fc.integer({ min: 0, max: 12 }), { minLength: length, maxLength: length }),
      fc.array(fc.boolean(), { minLength: length, maxLength: length }),
    ),
  )
  .map(([scores, flags]) => ({ scores, labels: flags.map(Number) }))
  .filter(({ labels }) => labels.includes(0) && labels.includes(1));

function volume(
  scores: readonly number[],
  labels: readonly number[],
  window = 0,
  thresholds = 250,
) {
  return vusPr(Float64Array.from(scores), Uint8Array.from(labels), { window, thresholds });
}

describe("the volume under the surface", () => {
  it("equals its definition on random series, widths and numbers of thresholds", () => {
    fc.assert(
      fc.property(
        series,
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 2, max: 40 }),
        ({ scores, labels }, window, thresholds) => {
          const naive = naiveVusPr(scores, labels, window, thresholds);
          expect(volume(scores, labels, window, thresholds)).toBeCloseTo(naive, 10);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it("equals its definition on a long series of few ranges with the benchmark's own sizes", () => {
    const labels = Array.from({ length: 600 }, (_, i) => Number(i % 200 > 170 || i < 4));
    const scores = labels.map((label, i) => label + ((i * 7919) % 97) / 60);
    expect(volume(scores, labels, 100)).toBeCloseTo(naiveVusPr(scores, labels, 100, 250), 10);
  });

  it("is 1 at width 0 for scores that separate the ranges", () => {
    const labels = [0, 0, 1, 1, 0, 0, 0, 1, 0, 0];
    expect(volume(labels, labels)).toBeCloseTo(1, 12);
  });

  it("is the average precision at width 0 for one range and distinct scores", () => {
    const labels = [0, 0, 0, 1, 1, 1, 1, 0, 0, 0];
    const scores = [1, 9, 2, 8, 7, 3, 6, 4, 5, 0];
    const plain = aucPr(Float64Array.from(scores), Uint8Array.from(labels));
    expect(volume(scores, labels, 0, 10)).toBeCloseTo(plain, 12);
  });

  it("takes an early alarm by its distance: worked by hand at width 4", () => {
    // One labelled point at 5 with two points on both sides, weights sqrt(1/2), sqrt(3/4). Only point 4 is
    // raised, then everything.
    const labels = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0];
    const scores = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
    const near = Math.sqrt(3 / 4);
    const far = Math.sqrt(1 / 2);
    const recallFirst = near / (1 + near / 2);
    const all = 1 + 2 * near + 2 * far;
    const rest = (1 - recallFirst) * (all / 10);
    // Widths 0 and 1 have no buffer; 2 and 3 reach one point; 4 reaches two.
    const areaAt = (width: number) => {
      const one = width >= 2 ? Math.sqrt(1 - 1 / width) : 0;
      const two = width >= 4 ? Math.sqrt(1 - 2 / width) : 0;
      const first = one / (1 + one / 2);
      const both = Math.min((1 + 2 * one + 2 * two) / (1 + one + two), 1);
      return first * one + (both - first) * ((1 + 2 * one + 2 * two) / 10);
    };
    expect(areaAt(4)).toBeCloseTo(recallFirst * near + rest, 12);
    const expected = [0, 1, 2, 3, 4].reduce((sum, width) => sum + areaAt(width), 0) / 5;
    expect(volume(scores, labels, 4, 2)).toBeCloseTo(expected, 12);
  });

  it("does not depend on the scale of the scores", () => {
    fc.assert(
      fc.property(series, ({ scores, labels }) => {
        const stretched = scores.map((score) => score ** 3 * 5 - 2);
        expect(volume(stretched, labels, 10)).toBe(volume(scores, labels, 10));
      }),
      { seed: 2, numRuns: 50 },
    );
  });

  it("is not a number where nothing or everything is labelled", () => {
    expect(volume([1, 2, 3], [0, 0, 0])).toBeNaN();
    expect(volume([1, 2, 3], [1, 1, 1])).toBeNaN();
  });

  it("takes its thresholds from the highest score to the lowest", () => {
    // Ranks 0, 7/3, 14/3 and 7, cut to whole ones.
    const levels = thresholdLevels(Float64Array.from([3, 1, 4, 1, 5, 9, 2, 6]), 4);
    expect([...levels]).toEqual([9, 5, 3, 1]);
  });
});
