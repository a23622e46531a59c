// The float Transformer and its rounding: how far the integers may stray, and what is refused.

import { describe, expect, it } from "vitest";
import {
  TransformerMatrix,
  transformerColumns,
  transformerRows,
} from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { normal } from "../../../host-tools/src/model/exact-math";
import {
  type FloatTransformerLayer,
  FloatTransformerStream,
  NORM_MAX,
  norm,
} from "../../../host-tools/src/model/float-transformer";
import { ReferenceTransformer } from "../../../host-tools/src/model/reference-transformer";
import { quantiseTransformer } from "../../../host-tools/src/model/transformer-quantiser";

/** @param gain 1 as a training begins, 2.5 with weights that a long training made sharp */
function randomLayer(seed: number, hidden: number, heads: number, gain: number) {
  const random = seededPrng(seed);
  const shape = { inputs: 24, hidden, heads, ring: 16, feedForward: 2 * hidden };
  const layer: FloatTransformerLayer = {
    shape,
    ageBias: Float64Array.from({ length: heads * 16 }, () => normal(random)),
    matrices: Array.from({ length: 5 }, (_, matrix) => {
      const rows = transformerRows(matrix, hidden, shape.feedForward);
      const columns = transformerColumns(matrix, 24, hidden, shape.feedForward);
      const spread = gain / Math.sqrt(columns);
      return {
        weights: Float64Array.from({ length: rows * columns }, () => spread * normal(random)),
        biases: Float64Array.from({ length: rows }, () => 0.3 * normal(random)),
      };
    }),
  };
  return layer;
}

/** Root mean square of the hidden state's error over its root mean square, over a run. */
function relativeError(layer: FloatTransformerLayer, steps: number): number {
  const random = seededPrng(77);
  const integers = new ReferenceTransformer(quantiseTransformer(layer));
  const floats = new FloatTransformerStream(layer);
  let error = 0;
  let size = 0;
  for (let step = 0; step < steps; step++) {
    const x = Int16Array.from({ length: layer.shape.inputs }, () => {
      return Math.max(-32768, Math.min(32767, Math.round(4096 * normal(random))));
    });
    integers.step(x);
    floats.step(Array.from(x, (value) => value / 4096));
    floats.hidden.forEach((exact, i) => {
      error += (integers.hidden[i]! / 32768 - exact) ** 2;
      size += exact ** 2;
    });
  }
  return Math.sqrt(error / size);
}

describe("the quantised Transformer", () => {
  it.each([
    [8, 2],
    [16, 2],
    [16, 4],
    [32, 4],
    [64, 4],
  ])("stays within 1.2 %% of the float one: %i hidden values, %i heads", (hidden, heads) => {
    const error = relativeError(randomLayer(hidden, hidden, heads, 1), 1000);
    expect(error).toBeLessThan(0.012);
    expect(error).toBeGreaterThan(0.001);
  });

  it.each([
    [16, 2],
    [32, 4],
  ])("stays within 4 %% with sharp attention: %i hidden values, %i heads", (hidden, heads) => {
    expect(relativeError(randomLayer(hidden, hidden, heads, 2.5), 1000)).toBeLessThan(0.04);
  });

  it("does not saturate a key or value of up to 16 hidden values", () => {
    const quantised = quantiseTransformer(randomLayer(5, 16, 2, 3));
    const attend = quantised.matrices[TransformerMatrix.Attend]!;
    // The largest normalised vector that a row can meet points where the row points.
    for (let row = 16; row < 48; row++) {
      let square = 0;
      for (let i = 0; i < 16; i++) square += attend.weights[row * 16 + i]! ** 2;
      const sum = 4 * 8192 * Math.sqrt(square) + Math.abs(attend.biases[row]!);
      expect((sum * attend.multipliers[row]!) / 2 ** attend.shift).toBeLessThan(128.5);
    }
  });

  it("refuses numbers that are not finite or too large, with a way out", () => {
    const broken = (matrix: TransformerMatrix, value: number) => {
      const layer = randomLayer(6, 8, 1, 1);
      layer.matrices[matrix]!.weights[3] = value;
      return () => quantiseTransformer(layer);
    };
    expect(broken(TransformerMatrix.Embed, Number.NaN)).toThrow("row 0 is not finite");
    expect(broken(TransformerMatrix.Embed, 1e6)).toThrow("a weight is too large");
    const layer = randomLayer(7, 8, 1, 1);
    layer.ageBias[2] = Number.POSITIVE_INFINITY;
    expect(() => quantiseTransformer(layer)).toThrow("an age bias is not finite");
  });

  it("keeps a row that is all zero at its bias", () => {
    const layer = randomLayer(8, 8, 1, 1);
    const embed = layer.matrices[TransformerMatrix.Embed]!;
    embed.weights.fill(0, 0, 24);
    embed.biases[0] = 3.25;
    const matrix = quantiseTransformer(layer).matrices[TransformerMatrix.Embed]!;
    expect((matrix.biases[0]! * matrix.multipliers[0]!) / 2 ** matrix.shift).toBeCloseTo(3328, 0);
  });
});

describe("the norm", () => {
  it("gives a root mean square of one, whatever the size", () => {
    for (const size of [1, 10, 1000]) {
      const n = norm(Float64Array.from([1, -1, 2, -2, 0.5, -0.5, 1.5, -1.5], (v) => size * v));
      const square = n.reduce((sum, value) => sum + value * value, 0) / 8;
      expect(square).toBeGreaterThan(0.999);
      expect(square).toBeLessThanOrEqual(1);
    }
  });

  it("is clamped where one value stands out, and 0 at 0", () => {
    const lonely = new Float64Array(64);
    lonely[7] = -50;
    expect(norm(lonely)[7]).toBe(-NORM_MAX);
    expect(Array.from(norm(new Float64Array(8)))).toEqual(new Array(8).fill(0));
  });
});
