// Whether the filter's SIMD kernels, its scalar kernels and the TypeScript reference agree bit for bit:
// a million random steps of every architecture through random artifacts, and the accumulator at the
// very ends of what validation lets through. A figure of 0 differences is the claim.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ACCUMULATOR_COLUMNS_MAX, Architecture, BIAS_MAX } from "../host-tools/src/contract";
import { type Prng, seededPrng } from "../host-tools/src/lib/prng";
import { ModelLab } from "../host-tools/src/model/model-lab";
import { applyMatrix } from "../host-tools/src/model/reference-math";
import { ARCHITECTURES, type RandomShape } from "../test/host/model/random-artifact";
import { differences } from "../test/host/model/three-scorers";
import type { Bench, BenchOptions, BenchResult } from "./bench";

/** Small shapes more often: they take the steps, the large ones the columns. */
const HIDDEN = [8, 8, 8, 16, 16, 24, 8, 32, 16, 64];
/** Steps of one artifact. */
const RUN_STEPS = 10_000;
const ROWS = 16;

function shapeOf(architecture: Architecture, round: number, random: Prng): RandomShape {
  const hidden = HIDDEN[round % HIDDEN.length]!;
  // Every fourth artifact is at the weights' ends, every fifth has vectors of another length.
  const extreme = round % 4 === 3;
  const inputs = round % 5 === 4 ? 8 * (1 + random.below(8)) : 24;
  return { architecture, hidden, inputs, extreme };
}

function runArchitecture(
  lab: ModelLab,
  architecture: Architecture,
  steps: number,
  options: BenchOptions,
): number {
  const name = Architecture[architecture].toLowerCase();
  const random = seededPrng(options.seed).fork(name);
  let found = 0;
  for (let done = 0, round = 0; done < steps; done += RUN_STEPS, round++) {
    found += differences(lab, random, shapeOf(architecture, round, random), RUN_STEPS);
    if (round % 10 === 9) options.say(`exact: ${name} ${done + RUN_STEPS} of ${steps} steps`);
  }
  return found;
}

interface Extremes {
  readonly differences: number;
  readonly largest: number;
}

/**
 * One row block at the bound of its columns: weights, operands and biases that all push one way. What
 * comes out is compared with the reference, and the sum with the bound of 2^31.
 */
function runExtremes(lab: ModelLab): Extremes {
  let found = 0;
  let largest = 0;
  const shapes: [inputs: number, inputShift: number, hidden: number][] = [
    [48, 3, 56],
    [64, 2, 64],
    [0, 0, 440],
  ];
  for (const [inputs, inputShift, hidden] of shapes) {
    if ((inputs << inputShift) + hidden > ACCUMULATOR_COLUMNS_MAX) throw new RangeError("too wide");
    for (const [weight, operand, bias] of [
      [-128, -32768, BIAS_MAX],
      [-128, 32767, -BIAS_MAX],
      [127, -32768, -BIAS_MAX],
      [127, 32767, BIAS_MAX],
    ] as const) {
      const columns = inputs + hidden;
      for (const [multiplier, shift] of [
        [2 ** 31 - 1, 60],
        [2 ** 31 - 1, 46],
        [1, 31],
      ] as const) {
        const matrix = {
          rows: ROWS,
          columns,
          shift,
          weights: new Int8Array(ROWS * columns).fill(weight),
          multipliers: new Int32Array(ROWS).fill(multiplier),
          biases: new Int32Array(ROWS).fill(bias),
        };
        const x = new Int16Array(inputs).fill(operand);
        const h = new Int16Array(hidden).fill(operand);
        const expected = applyMatrix(matrix, x, inputShift, h);
        for (const simd of [true, false]) {
          const actual = runKernel(lab, simd, matrix, x, inputShift, h);
          if (actual.some((value, row) => value !== expected[row])) found += 1;
        }
      }
      const sum = weight * operand * ((inputs << inputShift) + hidden) + bias;
      largest = Math.max(largest, Math.abs(sum));
    }
  }
  return { differences: found, largest };
}

/** All weights equal, so that their interleaving does not matter. */
function runKernel(
  lab: ModelLab,
  simd: boolean,
  matrix: Parameters<typeof applyMatrix>[0],
  x: Int16Array,
  inputShift: number,
  h: Int16Array,
): Int16Array {
  const { wasm } = lab;
  const { rows, columns, weights, multipliers, biases, shift } = matrix;
  let end = wasm.workArea();
  const place = (array: Int8Array | Int16Array | Int32Array): number => {
    const at = end;
    new Uint8Array(wasm.memory.buffer).set(new Uint8Array(array.buffer), at);
    end = (at + array.byteLength + 15) & ~15;
    return at;
  };
  const [w, m, b] = [place(weights), place(multipliers), place(biases)];
  const [px, ph, out] = [place(x), place(h), place(new Int16Array(rows))];
  const gemv = simd ? wasm.gemvSimd : wasm.gemvScalar;
  gemv(out, rows, w, m, b, shift, px, x.length, inputShift, ph, columns - x.length);
  return new Int16Array(wasm.memory.buffer, out, rows).slice();
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const lab = ModelLab.start(readFileSync(resolve("build/model.lab.wasm")));
  const steps = options.quick ? 30_000 : 1_000_000;
  const counts = ARCHITECTURES.map(
    (architecture) =>
      [
        `${Architecture[architecture].toLowerCase()}_differences`,
        runArchitecture(lab, architecture, steps, options),
      ] as const,
  );
  const extremes = runExtremes(lab);
  const all = counts.reduce((sum, [, count]) => sum + count, extremes.differences);
  return {
    figures: {
      differences: all,
      steps_per_architecture: steps,
      ...Object.fromEntries(counts),
      extremes_differences: extremes.differences,
      accumulator_largest: extremes.largest,
      accumulator_room: 2 ** 31 - 1 - extremes.largest,
    },
  };
}

export const bench: Bench = {
  name: "exact",
  summary: "SIMD, scalar and reference, bit for bit",
  run,
};
