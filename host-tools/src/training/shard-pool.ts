// Runs the shards of a batch on this thread and on others, and adds up what they found, always in
// the order of the shards. This thread works too and waits for the rest, so that a training is one
// plain loop; threads that are slow to start only leave more to it.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { GanglionError } from "../lib/errors";
import type { TrainingKernels } from "./kernels";
import { Shard } from "./shard";
import { type BoardSize, ShardBoard, boardMemory, work } from "./shard-board";
import type { ThreadData } from "./thread-main";
import type { Network, TrainingPlan } from "./training-plan";

const THREAD = "training-thread.mjs";

/** The bundle that a thread runs: beside this one, or in the build folder of the checkout. */
function threadPath(): string | undefined {
  const here = dirname(fileURLToPath(import.meta.url));
  return [join(here, THREAD), join(here, "../../../build", THREAD)].find((at) => existsSync(at));
}

export class ShardPool {
  readonly network: Network;
  private readonly board: ShardBoard;
  private readonly shard: Shard;

  /**
   * @param vectors all series, in shared memory
   * @param threads this one included; more than there are shards are not started
   */
  constructor(
    private readonly kernels: TrainingKernels,
    plan: TrainingPlan,
    vectors: Float32Array,
    size: Omit<BoardSize, "parameterCount" | "windows">,
    threads: number,
  ) {
    this.shard = new Shard(kernels, plan, vectors);
    this.network = this.shard.network;
    const { parameterCount } = this.network;
    const { windows } = plan.shape;
    this.board = new ShardBoard(boardMemory({ ...size, parameterCount, windows }));
    const path = threadPath();
    const buffer = vectors.buffer;
    if (path === undefined || !(buffer instanceof SharedArrayBuffer)) return;
    const workerData: ThreadData = { plan, board: this.board.memory, vectors: buffer };
    for (let i = 1; i < Math.min(threads, size.gradientShards); i++) {
      const thread = new Worker(path, { workerData, execArgv: [] });
      // The board tells of a failure, where the training is waiting for it.
      thread.on("error", () => {}).unref();
    }
  }

  /**
   * @param starts first vectors of the windows of all shards
   * @param gradient the mean gradient, added to; undefined when only the loss is wanted
   * @param share weight of one counted number in the gradient
   * @returns sum of the losses
   * @throws GanglionError E_TRAIN_THREAD when another thread died
   */
  run(
    parameters: Float32Array,
    starts: Int32Array,
    share: number,
    gradient?: Float32Array,
  ): number {
    const { board, shard, kernels } = this;
    const { parameterCount } = this.network;
    board.parameters.set(parameters.subarray(0, parameterCount));
    const shards = board.open(starts, share, gradient !== undefined);
    shard.setParameters(board.parameters);
    work(board, (_job, begin, to) => shard.run(begin, share, to));
    if (!board.join()) {
      throw new GanglionError("E_TRAIN_THREAD", "a thread of the training ended early", {
        hint: "Train with `--threads 1`: the result is the same.",
      });
    }
    let loss = 0;
    for (let i = 0; i < shards; i++) loss += board.losses[i]!;
    for (let i = 0; gradient !== undefined && i < shards; i++) addTo(gradient, board.gradientOf(i));
    return loss;
  }

  /** Lets the other threads end. */
  close(): void {
    this.board.close();
  }
}

/** Element by element: each sum is rounded to f32, whatever the machine. */
function addTo(sum: Float32Array, part: Float32Array): void {
  for (let i = 0; i < part.length; i++) sum[i] = sum[i]! + part[i]!;
}
