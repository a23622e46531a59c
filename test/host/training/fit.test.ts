// The parts of a training: the rate's course, rounding, windows, threads.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { normal } from "../../../host-tools/src/model/exact-math";
import { dequantise, quantiseMatrix } from "../../../host-tools/src/model/quantiser";
import { fakeQuantise } from "../../../host-tools/src/training/fake-quantise";
import { cosineOfHalfTurns, rateShare } from "../../../host-tools/src/training/schedule";
import { ShardBoard, boardMemory, work } from "../../../host-tools/src/training/shard-board";
import { Windows } from "../../../host-tools/src/training/windows";

describe("the learning rate", () => {
  it("rises over the first twentieth, and falls as half a cosine to a hundredth", () => {
    const shares = Array.from({ length: 400 }, (_, i) => rateShare(i + 1, 400));
    expect(shares[9]).toBeCloseTo(0.5, 10);
    expect(shares[19]).toBe(1);
    expect(shares[209]).toBeCloseTo(0.505, 10);
    expect(shares[399]).toBeCloseTo(0.01, 10);
    for (let i = 20; i < 400; i++) expect(shares[i]).toBeLessThan(shares[i - 1]!);
  });

  it("has the engine's cosine to ten digits", () => {
    for (let x = 0; x <= 1; x += 0.01) {
      expect(cosineOfHalfTurns(x)).toBeCloseTo(Math.cos(Math.PI * x), 10);
    }
  });
});

describe("rounding in the last phase", () => {
  it("gives the weights that the quantiser's integers stand for", () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.01, max: 20, noNaN: true }), (seed, size) => {
        const random = seededPrng(seed);
        const [rows, columns] = [3, 8];
        // Turned, as networks hold them: a row is a column, its bias after all weights.
        const parameters = new Float32Array(rows * columns + rows);
        for (let i = 0; i < parameters.length; i++) parameters[i] = size * normal(random);
        const weights = Float64Array.from({ length: rows * columns }, (_, at) => {
          return parameters[(at % columns) * rows + Math.floor(at / columns)]!;
        });
        const biases = Float64Array.from(parameters.subarray(rows * columns));
        const matrix = quantiseMatrix(weights, biases, rows, columns);
        const quantised = Array.from({ length: rows }, (_, row) => ({
          weights: [{ offset: row, stride: rows, length: columns }],
          bias: rows * columns + row,
        }));
        fakeQuantise(parameters, quantised);
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            const rounded = parameters[column * rows + row]!;
            expect(rounded / dequantise(matrix, row, column) || 1).toBeCloseTo(1, 5);
          }
        }
        expect([...parameters.subarray(rows * columns)]).toEqual([...biases]);
      }),
      { seed: 41, numRuns: 100 },
    );
  });

  it("changes nothing that is rounded already", () => {
    const random = seededPrng(3);
    const parameters = Float32Array.from({ length: 16 }, () => normal(random));
    const rows = [{ weights: [{ offset: 0, stride: 1, length: 16 }] }];
    fakeQuantise(parameters, rows);
    const once = parameters.slice();
    fakeQuantise(parameters, rows);
    parameters.forEach((value, i) => expect(value).toBeCloseTo(once[i]!, 6));
  });
});

describe("windows", () => {
  it("begin where they and their last target fit into one series", () => {
    const series = [
      { start: 0, length: 20 },
      { start: 20, length: 9 },
      { start: 29, length: 10 },
      { start: 39, length: 60 },
    ];
    const windows = new Windows(series, 9);
    expect(windows.series).toBe(3);
    const starts = new Set(windows.draw(5000, seededPrng(1)));
    for (const start of starts) {
      const inside = series.some((one) => start >= one.start && start + 9 < one.start + one.length);
      expect(inside).toBe(true);
    }
    // Every place of the three: 11, 1 and 51.
    expect(starts.size).toBe(63);
  });
});

describe("the board", () => {
  const size = { parameterCount: 4, shards: 6, gradientShards: 3, windows: 2 } as const;

  it("hands out each job once, however many take them", () => {
    const memory = boardMemory(size);
    const boards = [new ShardBoard(memory), new ShardBoard(memory)];
    for (const gradients of [true, false]) {
      const shards = boards[0]!.open(Int32Array.of(10, 11, 20, 21, 30, 31), 1, gradients);
      expect(shards).toBe(3);
      const taken: number[] = [];
      for (let i = 0; i < 4; i++) {
        const job = boards[i % 2]!.take();
        if (job === undefined) continue;
        taken.push(boards[i % 2]!.startsOf(job.shard)[0]!);
        expect(job.gradients).toBe(gradients);
        boards[i % 2]!.finish();
      }
      expect(taken).toEqual([10, 20, 30]);
      expect(boards[0]!.join()).toBe(true);
    }
  });

  it("keeps losses and gradients at the job's place", () => {
    const board = new ShardBoard(boardMemory(size));
    board.open(Int32Array.of(1, 2, 3, 4, 5, 6), 0.5, true);
    work(board, ({ shard }, starts, gradient) => {
      gradient!.fill(starts[1]!);
      return 10 * shard + board.share;
    });
    expect([...board.losses.subarray(0, 3)]).toEqual([0.5, 10.5, 20.5]);
    expect([0, 1, 2].map((shard) => board.gradientOf(shard)[3])).toEqual([2, 4, 6]);
  });

  it("says so when a thread cannot go on", () => {
    const board = new ShardBoard(boardMemory(size));
    board.open(Int32Array.of(1, 2), 1, false);
    expect(board.take()).toBeDefined();
    board.fail();
    expect(board.join()).toBe(false);
  });
});
