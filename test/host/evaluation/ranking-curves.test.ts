import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aucPr, aucRoc } from "../../../host-tools/src/evaluation/ranking-curves";

const labelled = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { minLength: 2, maxLength: 60 })
  .filter((points) => new Set(points.map(([, label]) => label)).size === 2)
  .map((points) => ({
    scores: Float64Array.from(points, ([score]) => score),
    labels: Uint8Array.from(points, ([, label]) => Number(label)),
  }));

describe("the area under the precision-recall curve", () => {
  it("is worked by hand: hits at ranks 1, 3 and 4 of 5", () => {
    const scores = Float64Array.from([9, 8, 7, 6, 5]);
    const labels = Uint8Array.from([1, 0, 1, 1, 0]);
    expect(aucPr(scores, labels)).toBeCloseTo((1 / 1 + 2 / 3 + 3 / 4) / 3, 12);
  });

  it("is the share of anomalous points where all scores are equal, in any order", () => {
    const scores = new Float64Array(8).fill(3);
    expect(aucPr(scores, Uint8Array.from([1, 1, 0, 0, 0, 0, 0, 0]))).toBeCloseTo(0.25, 12);
    expect(aucPr(scores, Uint8Array.from([0, 0, 0, 0, 0, 0, 1, 1]))).toBeCloseTo(0.25, 12);
  });

  it("is not a number without an anomalous point", () => {
    expect(aucPr(Float64Array.from([1, 2]), Uint8Array.from([0, 0]))).toBeNaN();
  });
});

describe("the area under the ROC curve", () => {
  it("is the share of pairs in the right order, ties by half", () => {
    fc.assert(
      fc.property(labelled, ({ scores, labels }) => {
        let ordered = 0;
        let pairs = 0;
        scores.forEach((a, i) =>
          scores.forEach((b, j) => {
            if (labels[i] !== 1 || labels[j] !== 0) return;
            pairs += 1;
            ordered += a > b ? 1 : a === b ? 0.5 : 0;
          }),
        );
        expect(aucRoc(scores, labels)).toBeCloseTo(ordered / pairs, 10);
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});
