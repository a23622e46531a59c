// The table from surprise to evidence, on samples whose tail is known.

import { describe, expect, it } from "vitest";
import { EVIDENCE_MAX, QUANTILE_KNOTS_MAX, SURPRISE_MAX } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { exp, exponential } from "../../../host-tools/src/model/exact-math";
import type { QuantileKnot } from "../../../host-tools/src/model/scorer-artifact";
import { quantileTable } from "../../../host-tools/src/training/score-calibration";

/** Pareto numbers from 1000 on: one in ten is above 1000 * 10^(1 / index). */
function pareto(count: number, index: number, seed: number): Int32Array {
  const random = seededPrng(seed);
  const draw = () => Math.round(1000 * exp(exponential(random, 1 / index)));
  return Int32Array.from({ length: count }, draw).sort();
}

function surpriseAt(knots: readonly QuantileKnot[], evidence: number): number {
  return knots.find((knot) => knot.evidence === evidence)!.surprise;
}

describe("the table from surprise to evidence", () => {
  it("has the measured quantiles, and ends where the currency ends", () => {
    const knots = quantileTable(pareto(200_000, 4, 1));
    expect(surpriseAt(knots, 256) / (1000 * 10 ** (1 / 4))).toBeCloseTo(1, 1);
    expect(surpriseAt(knots, 768) / (1000 * 10 ** (3 / 4))).toBeCloseTo(1, 1);
    expect(surpriseAt(knots, 1024) / (1000 * 10 ** (4 / 4))).toBeCloseTo(1, 0);
    expect(knots.at(-1)!.evidence).toBe(EVIDENCE_MAX);
    expect(knots.length).toBeLessThanOrEqual(QUANTILE_KNOTS_MAX);
  });

  it("continues a Pareto tail at its own growth, and no lighter one faster", () => {
    const knots = quantileTable(pareto(200_000, 4, 2));
    const perDecade = (surpriseAt(knots, 2560) / surpriseAt(knots, 1024)) ** (1 / 6);
    expect(perDecade).toBeGreaterThan(10 ** (1 / 4) * 0.95);
    expect(perDecade).toBeLessThan(10 ** (1 / 4) * 1.25);
    const light = quantileTable(pareto(200_000, 8, 2));
    expect(surpriseAt(light, 2560)).toBeLessThan(surpriseAt(knots, 2560));
  });

  it.each([
    ["no requests", new Int32Array(0)],
    ["a few", pareto(50, 4, 3)],
    ["all the same", new Int32Array(5000).fill(700)],
    ["all at the end", new Int32Array(5000).fill(SURPRISE_MAX)],
    ["a tail without end", pareto(200_000, 0.5, 4).map((one) => Math.min(one, SURPRISE_MAX))],
  ])("ascends strictly, of %s", (_, sorted) => {
    const knots = quantileTable(sorted);
    for (let i = 1; i < knots.length; i++) {
      expect(knots[i]!.surprise).toBeGreaterThan(knots[i - 1]!.surprise);
      expect(knots[i]!.evidence).toBeGreaterThan(knots[i - 1]!.evidence);
      expect(knots[i]!.surprise).toBeLessThanOrEqual(SURPRISE_MAX);
    }
    expect(knots.length).toBeGreaterThanOrEqual(2);
  });
});
