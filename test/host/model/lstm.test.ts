// The float model: gradients against finite differences, the optimiser, the quantiser's error.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { normal } from "../../../host-tools/src/model/exact-math";
import {
  LstmModel,
  LstmTape,
  type LstmWindow,
  backward,
  forward,
  huber,
  windowLoss,
} from "../../../host-tools/src/training/lstm";
import { dequantise, quantiseMatrix } from "../../../host-tools/src/model/quantiser";
import { requantise, roundEven } from "../../../host-tools/src/model/reference";

const SHAPE = { inputs: 4, hidden: 6, outputs: 3 };

function randomWindow(seed: number, steps: number, burnIn: number): LstmWindow {
  const random = seededPrng(seed);
  return {
    inputs: Float64Array.from({ length: steps * SHAPE.inputs }, () => normal(random)),
    // Some targets far away, so that both branches of the loss take part.
    targets: Float64Array.from({ length: steps * SHAPE.outputs }, () => 2 * normal(random)),
    steps,
    burnIn,
  };
}

function lossAt(model: LstmModel, window: LstmWindow): number {
  const tape = new LstmTape(model.shape, window.steps);
  forward(model, window, tape);
  return windowLoss(model, window, tape);
}

describe("backpropagation through time", () => {
  it.each([1, 2, 3])("agrees with finite differences in every parameter (seed %i)", (seed) => {
    const window = randomWindow(seed, 12, 3);
    const model = LstmModel.random(SHAPE, seededPrng(seed).fork("weights"));
    const gradient = new LstmModel(SHAPE);
    const tape = new LstmTape(SHAPE, window.steps);
    forward(model, window, tape);
    backward(model, window, tape, gradient);
    const step = 1e-5;
    let worst = 0;
    for (let i = 0; i < model.values.length; i++) {
      const value = model.values[i]!;
      model.values[i] = value + step;
      const above = lossAt(model, window);
      model.values[i] = value - step;
      const below = lossAt(model, window);
      model.values[i] = value;
      const numeric = (above - below) / (2 * step);
      worst = Math.max(worst, Math.abs(numeric - gradient.values[i]!));
    }
    const size = Math.max(...gradient.values.map(Math.abs));
    expect(size).toBeGreaterThan(0.01);
    expect(worst / size).toBeLessThan(1e-6);
  });

  it("adds to a gradient instead of replacing it", () => {
    const window = randomWindow(4, 8, 0);
    const model = LstmModel.random(SHAPE, seededPrng(4));
    const tape = new LstmTape(SHAPE, 8);
    const [once, twice] = [new LstmModel(SHAPE), new LstmModel(SHAPE)];
    forward(model, window, tape);
    backward(model, window, tape, once);
    backward(model, window, tape, twice);
    backward(model, window, tape, twice);
    twice.values.forEach((value, i) => expect(value).toBeCloseTo(2 * once.values[i]!, 12));
  });

  it("joins the loss's two branches smoothly", () => {
    expect(huber(1)).toBeCloseTo(huber(1 + 1e-9), 8);
    expect(huber(-3)).toBe(2.5);
  });
});

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
