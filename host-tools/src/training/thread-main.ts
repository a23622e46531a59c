// A thread of a training: takes shards from the board until the training is over.

import { workerData } from "node:worker_threads";
import { WasmKernels } from "./kernels-wasm";
import { Shard } from "./shard";
import { type BoardMemory, ShardBoard, work } from "./shard-board";
import { type TrainingPlan, workspaceFloats } from "./training-plan";

export interface ThreadData {
  readonly plan: TrainingPlan;
  readonly board: BoardMemory;
  readonly vectors: SharedArrayBuffer;
}

const { plan, board: memory, vectors } = workerData as ThreadData;
const board = new ShardBoard(memory);
try {
  const kernels = new WasmKernels(workspaceFloats(plan));
  const shard = new Shard(kernels, plan, new Float32Array(vectors));
  let round = -1;
  while (board.wait()) {
    work(board, (job, starts, gradient) => {
      if (job.round !== round) shard.setParameters(board.parameters);
      round = job.round;
      return shard.run(starts, board.share, gradient);
    });
  }
} catch (error) {
  board.fail();
  throw error;
}
