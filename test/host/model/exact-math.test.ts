// Own exp and log against the engine's: the point of them is equal bytes everywhere, so they must
// also be right.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import {
  exp,
  exponential,
  log,
  log2,
  normal,
  sigmoid,
  tanh,
} from "../../../host-tools/src/model/exact-math";

describe("exact-math", () => {
  it("has exp within 1e-15 of the engine's, relatively", () => {
    fc.assert(
      fc.property(fc.double({ min: -600, max: 600, noNaN: true }), (x) => {
        expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-15 * Math.max(1, Math.abs(x)));
      }),
      { seed: 1, numRuns: 5000 },
    );
  });

  it("has log within 1e-14 of the engine's", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
        const error = Math.abs(log(x) - Math.log(x));
        expect(error).toBeLessThan(1e-14 * Math.max(1, Math.abs(Math.log(x))));
      }),
      { seed: 2, numRuns: 5000 },
    );
    expect(log(1)).toBe(0);
    expect(log2(8)).toBeCloseTo(3, 14);
  });

  it("has sigmoid and tanh that saturate and are odd around their middle", () => {
    expect(sigmoid(0)).toBe(0.5);
    expect(sigmoid(1000)).toBe(1);
    expect(sigmoid(-1000)).toBe(0);
    for (const x of [0.1, 1, 3, 20]) {
      expect(sigmoid(x) + sigmoid(-x)).toBeCloseTo(1, 15);
      expect(tanh(x)).toBeCloseTo(Math.tanh(x), 14);
    }
  });

  it("draws normal and exponential deviates of the right size", () => {
    const random = seededPrng(3);
    const draws = Array.from({ length: 50_000 }, () => normal(random));
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
    const square = draws.reduce((a, b) => a + b * b, 0) / draws.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(square).toBeGreaterThan(0.97);
    expect(square).toBeLessThan(1.03);
    const waits = Array.from({ length: 50_000 }, () => exponential(random, 5));
    expect(waits.reduce((a, b) => a + b, 0) / waits.length).toBeCloseTo(5, 0);
  });
});
