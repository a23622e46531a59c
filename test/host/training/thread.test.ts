// A thread of a training does what the main thread would: nobody else works here.

import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { normal } from "../../../host-tools/src/model/exact-math";
import { WasmKernels } from "../../../host-tools/src/training/kernels-wasm";
import { Shard } from "../../../host-tools/src/training/shard";
import { ShardBoard, boardMemory } from "../../../host-tools/src/training/shard-board";
import { type TrainingPlan, workspaceFloats } from "../../../host-tools/src/training/training-plan";

const PLAN: TrainingPlan = {
  architecture: "gru",
  inputs: 8,
  hidden: 8,
  outputs: [{ kind: "value", feature: 3, carry: false }],
  targetScales: [1],
  shape: { steps: 6, windows: 4 },
  burnIn: 1,
};

function start(plan: TrainingPlan, board: ShardBoard, vectors: SharedArrayBuffer): Worker {
  const workerData = { plan, board: board.memory, vectors };
  const thread = new Worker(resolve("build/training-thread.mjs"), { workerData, execArgv: [] });
  thread.on("error", () => {}).unref();
  return thread;
}

describe("a thread of a training", () => {
  it("finds the losses and gradients that this one finds", () => {
    const random = seededPrng(6);
    const vectors = new Float32Array(new SharedArrayBuffer(4 * 8 * 64));
    for (let i = 0; i < vectors.length; i++) vectors[i] = normal(random);
    const shard = new Shard(new WasmKernels(workspaceFloats(PLAN)), PLAN, vectors);
    const { parameterCount, body, head } = shard.network;
    const size = { parameterCount, shards: 3, gradientShards: 3, windows: 4 };
    const board = new ShardBoard(boardMemory(size));
    body.initialise(board.parameters.subarray(0, body.parameterCount), random);
    head.initialise(board.parameters.subarray(body.parameterCount), random);
    start(PLAN, board, vectors.buffer as SharedArrayBuffer);
    board.open(Int32Array.of(0, 5, 9, 20, 30, 31, 40, 44, 2, 3, 50, 57), 0.25, true);
    expect(board.join()).toBe(true);
    board.close();
    shard.setParameters(board.parameters);
    const gradient = new Float32Array(parameterCount);
    for (let i = 0; i < 3; i++) {
      expect(board.losses[i]).toBe(shard.run(board.startsOf(i), 0.25, gradient));
      expect(board.gradientOf(i)).toEqual(gradient);
      expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0);
    }
  });

  it("says on the board that it cannot go on", () => {
    const size = { parameterCount: 4, shards: 1, gradientShards: 1, windows: 4 };
    const board = new ShardBoard(boardMemory(size));
    const plan = { ...PLAN, architecture: "none" } as unknown as TrainingPlan;
    start(plan, board, new SharedArrayBuffer(64));
    board.open(Int32Array.of(0, 1, 2, 3), 1, true);
    expect(board.join()).toBe(false);
  });
});
