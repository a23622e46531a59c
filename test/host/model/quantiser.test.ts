// The quantiser's error, row by row.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { normal } from "../../../host-tools/src/model/exact-math";
import { dequantise, quantiseMatrix } from "../../../host-tools/src/model/quantiser";
import { requantise, roundEven } from "../../../host-tools/src/model/reference";

describe("quantisation", () => {
  it("is never more than half a step off, in any row", () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.001, max: 50, noNaN: true }), (seed, size) => {
        const random = seededPrng(seed);
        const weights = Float64Array.from({ length: 5 * 8 }, () => size * normal(random));
        const matrix = quantiseMatrix(weights, new Float64Array(5), 5, 8);
        for (let row = 0; row < 5; row++) {
          const largest = Math.max(...weights.subarray(row * 8, row * 8 + 8).map(Math.abs));
          for (let column = 0; column < 8; column++) {
            const error = Math.abs(dequantise(matrix, row, column) - weights[row * 8 + column]!);
            expect(error).toBeLessThanOrEqual((largest / 127) * 0.501);
          }
        }
      }),
      { seed: 11, numRuns: 100 },
    );
  });

  it("keeps a large bias on a row of small weights", () => {
    const matrix = quantiseMatrix([0.001, -0.001], [7.5], 1, 2);
    const scale = (matrix.multipliers[0]! / 2 ** matrix.shift) * 8;
    expect((matrix.biases[0]! * scale) / 32768).toBeCloseTo(7.5, 3);
  });

  it("refuses weights that are not finite, with a way out", () => {
    expect(() => quantiseMatrix([Number.NaN, 1], [0], 1, 2)).toThrow("row 0 is not finite");
    expect(() => quantiseMatrix([1e6, 1], [0], 1, 2)).toThrow("a weight exceeds 1016");
  });

  it("requantises exactly as integers of any size would", () => {
    const exact = (sum: bigint, multiplier: bigint, shift: bigint): number => {
      const scaled = (sum * multiplier + (1n << (shift - 1n))) >> shift;
      return Number(scaled > 32767n ? 32767n : scaled < -32768n ? -32768n : scaled);
    };
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 0, max: 2 ** 31 - 1 }),
        fc.integer({ min: 31, max: 60 }),
        (sum, multiplier, shift) => {
          expect(requantise(sum, multiplier, shift)).toBe(
            exact(BigInt(sum), BigInt(multiplier), BigInt(shift)),
          );
        },
      ),
      { seed: 12, numRuns: 5000 },
    );
  });

  it("rounds halves to even", () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999].map(roundEven)).toEqual([0, 2, 2, 0, -2, 2]);
  });
});
