import { describe, expect, it } from "vitest";
import { robustZ, WindowSubspace } from "../../../host-tools/src/evaluation/plain-scorers";
import { symmetricEigen } from "../../../host-tools/src/evaluation/symmetric-eigen";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { normal } from "../../../host-tools/src/model/exact-math";

describe("the eigenvectors of a symmetric matrix", () => {
  const n = 12;
  const random = seededPrng(5);
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) matrix[i * n + j] = matrix[j * n + i] = normal(random);
  }
  const { values, vectors } = symmetricEigen(matrix, n);
  const row = (k: number) => vectors.subarray(k * n, (k + 1) * n);

  it("are turned into their multiples, by falling factors", () => {
    for (let k = 0; k < n; k++) {
      for (let i = 0; i < n; i++) {
        const image = row(k).reduce((sum, x, j) => sum + matrix[i * n + j]! * x, 0);
        expect(image).toBeCloseTo(values[k]! * row(k)[i]!, 9);
      }
      if (k > 0) expect(values[k]).toBeLessThanOrEqual(values[k - 1]!);
    }
  });

  it("are of length 1 and at right angles", () => {
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) {
        const product = row(a).reduce((sum, x, i) => sum + x * row(b)[i]!, 0);
        expect(product).toBeCloseTo(a === b ? 1 : 0, 9);
      }
    }
  });

  it("are the axes where the matrix is diagonal, zeros and all", () => {
    const diagonal = Float64Array.from([0, 0, 0, 0, 3, 0, 0, 0, 1]);
    const pairs = symmetricEigen(diagonal, 3);
    expect([...pairs.values]).toEqual([3, 1, 0]);
    expect([...pairs.vectors]).toEqual([0, 1, 0, 0, 0, 1, 1, 0, 0]);
  });
});

describe("the plain scorers", () => {
  const samples = 400;
  const random = seededPrng(6);
  // Three columns that move together, and a little noise.
  const values = new Float32Array(3 * samples);
  let level = 0;
  for (let row = 0; row < samples; row++) {
    level = 0.9 * level + normal(random);
    for (let i = 0; i < 3; i++) values[row * 3 + i] = level * (i + 1) + 0.01 * normal(random);
  }
  const series = { values, samples, inputs: 3 };

  it("sum squares for the robust z", () => {
    const few = { values: Float32Array.from([1, 2, 3, 0, 0, -1]), samples: 2, inputs: 3 };
    expect([...robustZ(few)]).toEqual([14, 1]);
  });

  it("keep fewer directions than columns where columns move together", () => {
    expect(WindowSubspace.fit(series).rank).toBeLessThan(10);
  });

  it("see a column that leaves the others, which is no unusual value by itself", () => {
    const broken = Float32Array.from(values);
    for (let row = 300; row < 310; row++) broken[row * 3 + 1] = -broken[row * 3 + 1]!;
    const subspace = WindowSubspace.fit(series);
    const before = subspace.score(series);
    const after = subspace.score({ ...series, values: broken });
    expect([...after.subarray(0, 300)]).toEqual([...before.subarray(0, 300)]);
    const usual = before.reduce((sum, score) => sum + score, 0) / samples;
    expect(after[305]!).toBeGreaterThan(10 * usual);
  });

  it("give no score to a window that is not full", () => {
    expect([...WindowSubspace.fit(series).score(series).subarray(0, 4)]).toEqual([0, 0, 0, 0]);
  });
});
