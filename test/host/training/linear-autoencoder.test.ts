// Principal components against matrices whose eigenvectors are known, the autoencoder against data
// of known rank.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { normal } from "../../../host-tools/src/model/exact-math";
import type { FloatLinear } from "../../../host-tools/src/model/float-model";
import { trainLinear } from "../../../host-tools/src/training/linear-autoencoder";
import { jacobi, principalComponents } from "../../../host-tools/src/training/principal-components";

/** A symmetric matrix with the given eigenvalues and random directions. */
function withEigenvalues(values: readonly number[], seed: number) {
  const size = values.length;
  const random = seededPrng(seed);
  const noise = Float64Array.from({ length: size * size }, () => normal(random));
  const symmetric = noise.map((_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return noise[i * size + j]! + noise[j * size + i]!;
  });
  const { vectors } = jacobi(symmetric, size);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      values.forEach((value, k) => {
        matrix[i * size + j]! += value * vectors[i * size + k]! * vectors[j * size + k]!;
      });
    }
  }
  return { matrix, vectors };
}

describe("principal components", () => {
  it("are the directions of the largest eigenvalues, in their order", () => {
    const values = [9, 0.1, 5, 0.3, 2, 0.2, 0.05, 0.01, 0.4, 0.1];
    const { matrix, vectors } = withEigenvalues(values, 4);
    const found = principalComponents(matrix, 10, 3, seededPrng(1));
    [0, 2, 4].forEach((column, row) => {
      let cosine = 0;
      for (let i = 0; i < 10; i++) cosine += found[row * 10 + i]! * vectors[i * 10 + column]!;
      expect(Math.abs(cosine)).toBeCloseTo(1, 8);
    });
  });

  it("of a matrix of lower rank end in zeros", () => {
    const { matrix } = withEigenvalues([3, 2, 0, 0, 0, 0], 5);
    const found = principalComponents(matrix, 6, 6, seededPrng(1));
    const lengths = [0, 1, 2, 3, 4, 5].map((row) =>
      Math.sqrt(found.subarray(6 * row, 6 * row + 6).reduce((sum, v) => sum + v * v, 0)),
    );
    expect(lengths[0]).toBeCloseTo(1, 9);
    expect(lengths[1]).toBeCloseTo(1, 9);
    for (const value of found) expect(Number.isFinite(value)).toBe(true);
  });

  it("rotate any symmetric matrix to a diagonal that keeps its trace", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 9 }), (seed, size) => {
        const random = seededPrng(seed);
        const values = Array.from({ length: size }, () => 5 * normal(random));
        const { matrix } = withEigenvalues(values, seed);
        const sorted = [...jacobi(matrix, size).values].sort((a, b) => a - b);
        values.sort((a, b) => a - b).forEach((value, i) => expect(sorted[i]).toBeCloseTo(value, 8));
      }),
      { seed: 31, numRuns: 60 },
    );
  });
});

/** The reconstruction of the newest of some vectors, by the model's own formulas. */
function reconstruct(model: FloatLinear, newestFirst: readonly (readonly number[])[]): number[] {
  const size = model.window * model.inputs;
  const latent = Array.from({ length: model.hidden }, (_, k) => {
    let sum = model.encoderBiases[k]!;
    newestFirst.forEach((vector, age) =>
      vector.forEach((value, i) => {
        sum += model.encoderWeights[k * size + age * model.inputs + i]! * value;
      }),
    );
    return sum;
  });
  expect(Math.max(...latent.map(Math.abs))).toBeLessThanOrEqual(1);
  return model.head.outputs.map((_, output) =>
    latent.reduce(
      (sum, value, k) => sum + model.head.weights[output * model.hidden + k]! * value,
      model.head.biases[output]!,
    ),
  );
}

describe("the linear autoencoder", () => {
  it("reconstructs what lies in its components, and shows what does not", () => {
    const random = seededPrng(12);
    // Ten columns that follow three numbers.
    const mix = Array.from({ length: 30 }, () => normal(random));
    const vectors: number[][] = Array.from({ length: 800 }, () => {
      const hidden = [0, 1, 2].map(() => normal(random));
      return Array.from({ length: 10 }, (_, i) =>
        hidden.reduce((sum, value, k) => sum + 0.5 * mix[3 * i + k]! * value, 0.3 * i),
      );
    });
    const model = trainLinear([Float32Array.from(vectors.flat())], 10, { window: 2, hidden: 8 });
    expect(model.inputs).toBe(16);
    const healthy = reconstruct(model, [vectors[5]!, vectors[4]!]);
    healthy.forEach((value, i) => expect(Math.abs(value - vectors[5]![i]!)).toBeLessThan(1e-3));
    const odd = vectors[5]!.map((value, i) => (i === 7 ? value + 3 : value));
    const residual = reconstruct(model, [odd, vectors[4]!])[7]! - odd[7]!;
    expect(Math.abs(residual)).toBeGreaterThan(0.5);
  });

  it("gives the same bytes again", () => {
    const random = seededPrng(2);
    const series = Float32Array.from({ length: 900 }, () => normal(random));
    expect(trainLinear([series], 9)).toEqual(trainLinear([series], 9));
  });

  it("refuses series shorter than its window", () => {
    expect(() => trainLinear([new Float32Array(8)], 4, { window: 3 })).toThrow(
      "no series has 3 vectors in a row",
    );
  });
});
