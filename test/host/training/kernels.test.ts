// The module's kernels against the plain ones, bit for bit, and both against mathematics.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { exp, normal, sigmoid, tanh } from "../../../host-tools/src/model/exact-math";
import type { TrainingKernels } from "../../../host-tools/src/training/kernels";
import {
  ReferenceKernels,
  exponential,
  logistic,
  tangent,
} from "../../../host-tools/src/training/kernels-reference";
import { WasmKernels } from "../../../host-tools/src/training/kernels-wasm";
import { LossKind } from "../../../host-tools/src/training/loss-kind";

const wasm = new WasmKernels(4_000_000);
const reference = new ReferenceKernels();

/** Runs the same calls on both, from the same random arrays, and compares every byte. */
function compare(
  seed: number,
  lengths: readonly number[],
  run: (kernels: TrainingKernels, arrays: Float32Array[]) => number | void,
  size = 1,
): void {
  const outcome = [wasm, reference].map((kernels) => {
    const random = seededPrng(seed);
    const arrays = lengths.map((length) => {
      const array = kernels.allocate(length);
      for (let i = 0; i < length; i++) array[i] = size * normal(random);
      return array;
    });
    const result = run(kernels, arrays);
    return {
      result,
      arrays: arrays.map((array) => [
        ...new Uint32Array(
          Uint8Array.from(new Uint8Array(array.buffer, array.byteOffset, array.byteLength)).buffer,
        ),
      ]),
    };
  });
  expect(outcome[0]).toEqual(outcome[1]);
}

const block = (columns: number) => fc.integer({ min: 1, max: 4 }).map((n) => columns * n);
const seeds = fc.integer();
const OPTIONS = { seed: 21, numRuns: 40 };

describe("products", () => {
  it("are the triple loop's, in every bit", () => {
    fc.assert(
      fc.property(
        seeds,
        block(4),
        fc.integer({ min: 1, max: 40 }),
        block(8),
        fc.boolean(),
        (seed, m, k, n, adds) => {
          compare(seed, [m * n, m * k, k * n], (kernels, [out, a, b]) =>
            kernels.product(out!, a!, b!, m, k, n, adds),
          );
        },
      ),
      OPTIONS,
    );
  });

  it("of a transposed matrix too, through blocks of its depth", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 200 }), block(4), block(8), (seed, k, m, n) => {
        compare(seed, [m * n, k * m, k * n], (kernels, [out, a, b]) =>
          kernels.productOfTransposed(out!, a!, b!, k, m, n),
        );
      }),
      OPTIONS,
    );
  });

  it("of a transposed matrix are those of the matrix transposed first", () => {
    const random = seededPrng(3);
    const [k, m, n] = [12, 8, 16];
    const a = Float32Array.from({ length: k * m }, () => normal(random));
    const b = Float32Array.from({ length: k * n }, () => normal(random));
    const turned = new Float32Array(a.length);
    const [once, twice] = [new Float32Array(m * n), new Float32Array(m * n)];
    reference.transpose(turned, a, k, m);
    reference.product(once, turned, b, m, k, n, false);
    reference.productOfTransposed(twice, a, b, k, m, n);
    expect(once).toEqual(twice);
    expect(once.some((value) => value !== 0)).toBe(true);
  });
});

describe("rows", () => {
  it("are added and summed the same", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 50 }), block(8), (seed, m, n) => {
        compare(seed, [m * n, n, m * n, n], (kernels, [a, row, other, sums]) => {
          kernels.addRow(a!, row!, m, n);
          kernels.addRowSums(sums!, a!, m, n);
          kernels.addInto(other!, a!, m * n);
          kernels.transpose(a!, other!, m, n);
        });
      }),
      OPTIONS,
    );
  });
});

describe("cells", () => {
  it.each([0.1, 1, 8, 60])("of an LSTM are the same there and back (size %d)", (size) => {
    const [batch, units] = [4, 16];
    const cells = batch * units;
    const lengths = [4 * cells, cells, cells, cells, cells, cells, cells, 4 * cells];
    const run = (kernels: TrainingKernels, arrays: Float32Array[]) => {
      const [gates, before, after, squashed, hidden, dHidden, dCells, dGates] = arrays;
      kernels.lstmForward(gates!, before!, after!, squashed!, hidden!, batch, units);
      kernels.lstmBackward(gates!, before!, squashed!, dHidden!, dCells!, dGates!, batch, units);
    };
    for (let seed = 0; seed < 20; seed++) compare(seed, lengths, run, size);
  });

  it.each([0.1, 1, 8, 60])("of a GRU are the same there and back (size %d)", (size) => {
    const [batch, units] = [4, 16];
    const cells = batch * units;
    const lengths = [3 * cells, 3 * cells, cells, 4 * cells, cells, cells, 3 * cells, 3 * cells];
    const run = (kernels: TrainingKernels, arrays: Float32Array[]) => {
      const [fromInputs, fromHidden, before, tape, hidden, dHidden, dInputs, dRecurrent] = arrays;
      kernels.gruForward(fromInputs!, fromHidden!, before!, tape!, hidden!, batch, units);
      kernels.gruBackward(tape!, before!, dHidden!, dInputs!, dRecurrent!, batch, units);
    };
    for (let seed = 0; seed < 20; seed++) compare(seed, lengths, run, size);
  });
});

describe("the loss", () => {
  it.each([0.3, 3, 40])("and its slopes are the same for every kind (size %d)", (size) => {
    const kinds = [LossKind.None, LossKind.Value, LossKind.Quantile, LossKind.Logit];
    const run = (kernels: TrainingKernels, [y, targets, d, levels]: Float32Array[]) => {
      const kind = kernels.allocateIntegers(8);
      kind.set(Array.from({ length: 8 }, (_, i) => kinds[i % 4]!));
      levels!.fill(0.9);
      return kernels.lossAndDerivative(y!, targets!, d!, kind, levels!, 16, 8, 0.01);
    };
    for (let seed = 0; seed < 20; seed++) compare(seed, [128, 128, 128, 8], run, size);
  });

  it.each([
    [LossKind.Value, 0.5, 0.2, 0.045],
    [LossKind.Value, 3, 0, 2.5],
    [LossKind.Quantile, 1, 3, 1.8],
    [LossKind.Quantile, 3, 1, 0.2],
    [LossKind.Logit, 0, 1, Math.log(2)],
    [LossKind.Logit, 2, 0, Math.log(1 + Math.exp(2))],
  ] as const)("of kind %i at %d for %d is %d", (kind, y, target, loss) => {
    const one = (value: number) => new Float32Array(8).fill(value);
    const kinds = new Int32Array(8);
    kinds[0] = kind;
    const [value, d] = [one(y), one(0)];
    const got = reference.lossAndDerivative(value, one(target), d, kinds, one(0.9), 1, 8, 1);
    expect(got).toBeCloseTo(loss, 5);
    value[0] = y + 1e-3;
    const above = reference.lossAndDerivative(value, one(target), one(0), kinds, one(0.9), 1, 8, 1);
    expect((above - got) / 1e-3).toBeCloseTo(d[0]!, 2);
  });
});

describe("Adam", () => {
  it("takes the same steps", () => {
    const run = (kernels: TrainingKernels, arrays: Float32Array[]) => {
      const [values, gradient, means, squares] = arrays;
      means!.fill(0);
      squares!.fill(0);
      for (let t = 1; t <= 30; t++) {
        const factors = [1 / (1 - 0.9 ** t), 1 / (1 - 0.999 ** t)] as const;
        kernels.adamStep(values!, gradient!, means!, squares!, 64, 0.01, 0.7, ...factors);
        gradient![t] = gradient![t]! * -3;
      }
      return kernels.sumOfSquares(values!, 64);
    };
    for (let seed = 0; seed < 20; seed++) compare(seed, [64, 64, 64, 64], run);
  });

  it("moves every value by about the rate at first, whatever the gradient's size", () => {
    const values = new Float32Array(4);
    const gradient = Float32Array.of(1e-3, -5, 200, 1);
    const zeros = () => new Float32Array(4);
    reference.adamStep(values, gradient, zeros(), zeros(), 4, 0.01, 1, 10, 1000);
    [-0.01, 0.01, -0.01, -0.01].forEach((v, i) => expect(values[i]).toBeCloseTo(v, 5));
  });
});

describe("the exponential and its kin", () => {
  it("keep the error that they state", () => {
    let [worst, worstLogistic, worstTangent] = [0, 0, 0];
    for (let x = -80; x <= 80; x += 0.0137) {
      const single = Math.fround(x);
      worst = Math.max(worst, Math.abs(exponential(single) / exp(single) - 1));
      worstLogistic = Math.max(worstLogistic, Math.abs(logistic(single) - sigmoid(single)));
      worstTangent = Math.max(worstTangent, Math.abs(tangent(single) - tanh(single)));
    }
    expect(worst).toBeLessThan(4e-7);
    expect(worstLogistic).toBeLessThan(3e-7);
    expect(worstTangent).toBeLessThan(3e-7);
    expect(exponential(0)).toBe(1);
    expect(exponential(1000)).toBe(exponential(80));
  });
});
