// What the threads of a training share: parameters, window starts, losses and gradients of shards,
// and the counters by which they hand each other work. Jobs are numbered through the whole
// training; whoever comes first takes the next one, and results stand at the job's place, so that
// who did what shows nowhere.
//
//   counters  limit: jobs below it may be taken     next: the next job to take
//             base: first job of this round         done: jobs finished
//             gradients: 1 when they are wanted     closed: 1 when there will be no more

const LIMIT = 0;
const NEXT = 1;
const BASE = 2;
const DONE = 3;
const GRADIENTS = 4;
const CLOSED = 5;
const FAILED = 6;
const COUNTERS = 8;

export interface BoardSize {
  readonly parameterCount: number;
  /** Most shards of one round. */
  readonly shards: number;
  /** Most shards of a round with gradients. */
  readonly gradientShards: number;
  /** Windows of a shard. */
  readonly windows: number;
}

export interface Job {
  readonly shard: number;
  readonly gradients: boolean;
  /** Rises when the parameters change. */
  readonly round: number;
}

/** The memory behind a board; it can be sent to a thread. */
export interface BoardMemory {
  readonly size: BoardSize;
  readonly counters: SharedArrayBuffer;
  readonly parameters: SharedArrayBuffer;
  readonly starts: SharedArrayBuffer;
  readonly losses: SharedArrayBuffer;
  readonly gradients: SharedArrayBuffer;
  readonly shares: SharedArrayBuffer;
}

export function boardMemory(size: BoardSize): BoardMemory {
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  return {
    size,
    counters: shared(4 * COUNTERS),
    parameters: shared(4 * size.parameterCount),
    starts: shared(4 * size.shards * size.windows),
    losses: shared(8 * size.shards),
    gradients: shared(4 * size.gradientShards * size.parameterCount),
    shares: shared(8),
  };
}

export class ShardBoard {
  readonly parameters: Float32Array;
  readonly losses: Float64Array;
  private readonly counters: Int32Array;
  private readonly starts: Int32Array;
  private readonly gradients: Float32Array;
  private readonly shares: Float64Array;

  constructor(readonly memory: BoardMemory) {
    this.counters = new Int32Array(memory.counters);
    this.parameters = new Float32Array(memory.parameters);
    this.starts = new Int32Array(memory.starts);
    this.losses = new Float64Array(memory.losses);
    this.gradients = new Float32Array(memory.gradients);
    this.shares = new Float64Array(memory.shares);
  }

  /** Weight of one counted number in the gradient, of this round. */
  get share(): number {
    return this.shares[0]!;
  }

  startsOf(shard: number): Int32Array {
    const { windows } = this.memory.size;
    return this.starts.subarray(shard * windows, (shard + 1) * windows);
  }

  gradientOf(shard: number): Float32Array {
    const { parameterCount } = this.memory.size;
    return this.gradients.subarray(shard * parameterCount, (shard + 1) * parameterCount);
  }

  /** Opens a round. The parameters stand on the board already. */
  open(starts: Int32Array, share: number, gradients: boolean): number {
    const shards = starts.length / this.memory.size.windows;
    this.starts.set(starts);
    this.shares[0] = share;
    const base = Atomics.load(this.counters, LIMIT);
    Atomics.store(this.counters, BASE, base);
    Atomics.store(this.counters, GRADIENTS, gradients ? 1 : 0);
    Atomics.store(this.counters, LIMIT, base + shards);
    Atomics.notify(this.counters, LIMIT);
    return shards;
  }

  /** The next job, if there is one to take. */
  take(): Job | undefined {
    for (;;) {
      const limit = Atomics.load(this.counters, LIMIT);
      const job = Atomics.load(this.counters, NEXT);
      if (job >= limit) return undefined;
      if (Atomics.compareExchange(this.counters, NEXT, job, job + 1) !== job) continue;
      const base = Atomics.load(this.counters, BASE);
      const gradients = Atomics.load(this.counters, GRADIENTS) === 1;
      return { shard: job - base, gradients, round: base };
    }
  }

  finish(): void {
    Atomics.add(this.counters, DONE, 1);
    Atomics.notify(this.counters, DONE);
  }

  /** A thread cannot go on; its job will never be done. */
  fail(): void {
    Atomics.store(this.counters, FAILED, 1);
    Atomics.add(this.counters, DONE, 1);
    Atomics.notify(this.counters, DONE);
  }

  /** Waits until all jobs are done. @returns false when a thread failed */
  join(): boolean {
    for (;;) {
      const done = Atomics.load(this.counters, DONE);
      if (Atomics.load(this.counters, FAILED) === 1) return false;
      if (done >= Atomics.load(this.counters, LIMIT)) return true;
      Atomics.wait(this.counters, DONE, done, 1000);
    }
  }

  /** For a thread: waits for work. @returns false when there will be no more */
  wait(): boolean {
    const limit = Atomics.load(this.counters, LIMIT);
    if (Atomics.load(this.counters, CLOSED) === 1) return false;
    if (Atomics.load(this.counters, NEXT) < limit) return true;
    Atomics.wait(this.counters, LIMIT, limit, 1000);
    return true;
  }

  close(): void {
    Atomics.store(this.counters, CLOSED, 1);
    Atomics.notify(this.counters, LIMIT);
  }
}

/** Does jobs until there is none to take. */
export function work(
  board: ShardBoard,
  run: (job: Job, starts: Int32Array, gradient: Float32Array | undefined) => number,
): void {
  for (let job = board.take(); job !== undefined; job = board.take()) {
    const gradient = job.gradients ? board.gradientOf(job.shard) : undefined;
    board.losses[job.shard] = run(job, board.startsOf(job.shard), gradient);
    board.finish();
  }
}
