// Fits a network to series: Adam on random windows, a rate that warms up and falls, early stopping
// on windows that are never learnt from, and a last phase in which the loss is the rounded
// network's (fake-quantise.ts). The same plan, series, options and seed give the same bytes, with
// any number of threads.

import type { Prng } from "../lib/prng";
import { fakeQuantise } from "./fake-quantise";
import { WasmKernels } from "./kernels-wasm";
import type { TrainingKernels } from "./kernels";
import { rateShare } from "./schedule";
import { ShardPool } from "./shard-pool";
import type { QuantisedRow } from "./trainable";
import { type TrainingPlan, workspaceFloats } from "./training-plan";
import type { Windows } from "./windows";

export interface FitOptions {
  /** Most optimiser steps; early stopping may take fewer. */
  readonly steps: number;
  /** Shards of a batch; a batch has `shards * plan.shape.windows` windows. */
  readonly shards: number;
  /** Largest learning rate. */
  readonly rate: number;
  /** Gradients longer than this are shortened to it. */
  readonly normMax: number;
  /** Share of the steps, at the end, with rounded weights; 0 for none. */
  readonly roundedShare: number;
  /** Validations without progress after which the phase ends. */
  readonly patience: number;
  readonly validateEvery: number;
  /** Shards of validation windows. */
  readonly validationShards: number;
  readonly threads: number;
  /** Kernels for a test; the module's are the default, and other threads always use those. */
  readonly kernels?: TrainingKernels | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

export interface TrainingProgress {
  readonly step: number;
  readonly steps: number;
  /** Mean of the last batches. */
  readonly loss: number;
  readonly validationLoss: number;
  /** Weights are rounded by now. */
  readonly rounded: boolean;
}

export interface Fit {
  readonly parameters: Float32Array;
  readonly bodyParameters: number;
  readonly headColumns: number;
  readonly bestStep: number;
  readonly stepsTaken: number;
  /** Of the last batches. */
  readonly loss: number;
  readonly validationLoss: number;
}

export function fit(
  plan: TrainingPlan,
  training: Windows,
  validation: Windows,
  vectors: Float32Array,
  options: FitOptions,
  random: Prng,
): Fit {
  const floats = workspaceFloats(plan);
  const kernels = options.kernels ?? new WasmKernels(floats);
  const pool = new ShardPool(
    kernels,
    plan,
    vectors,
    {
      shards: Math.max(options.shards, options.validationShards),
      gradientShards: options.shards,
    },
    options.threads,
  );
  try {
    return new Descent(kernels, pool, plan, training, validation, options, random).run();
  } finally {
    pool.close();
  }
}

/** The state of one training. */
class Descent {
  private readonly count: number;
  private readonly values: Float32Array;
  private readonly rounded: Float32Array;
  private readonly gradient: Float32Array;
  private readonly means: Float32Array;
  private readonly squares: Float32Array;
  private readonly rows: readonly QuantisedRow[];
  private readonly draws: Prng;
  private readonly held: Int32Array;
  private meanDecay = 1;
  private squareDecay = 1;
  private recent = 0;
  private taken = 0;

  constructor(
    private readonly kernels: TrainingKernels,
    private readonly pool: ShardPool,
    private readonly plan: TrainingPlan,
    private readonly training: Windows,
    validation: Windows,
    private readonly options: FitOptions,
    random: Prng,
  ) {
    const { body, head, parameterCount } = pool.network;
    this.count = Math.ceil(parameterCount / 4) * 4;
    this.values = kernels.allocate(this.count);
    this.rounded = kernels.allocate(this.count);
    this.gradient = kernels.allocate(this.count);
    this.means = kernels.allocate(this.count);
    this.squares = kernels.allocate(this.count);
    this.rows = [...body.quantisedRows, ...head.quantisedRows(body.parameterCount)];
    const weights = random.fork("weights");
    body.initialise(this.values.subarray(0, body.parameterCount), weights);
    head.initialise(this.values.subarray(body.parameterCount, parameterCount), weights);
    this.draws = random.fork("windows");
    const { windows } = plan.shape;
    this.held = validation.draw(options.validationShards * windows, random.fork("validation"));
  }

  run(): Fit {
    const { steps, roundedShare } = this.options;
    const plain = Math.round(steps * (1 - roundedShare));
    let best = this.phase(1, plain, false);
    if (plain < steps) {
      this.values.set(best.parameters);
      best = this.phase(plain + 1, steps, true);
    }
    const { body, head } = this.pool.network;
    return {
      parameters: best.parameters,
      bodyParameters: body.parameterCount,
      headColumns: head.columns,
      bestStep: best.step,
      stepsTaken: this.taken,
      loss: this.recent,
      validationLoss: best.validationLoss,
    };
  }

  /** Steps `from` to `to`; returns the parameters that were best on validation windows. */
  private phase(from: number, to: number, rounded: boolean) {
    const { steps, validateEvery, patience, onProgress } = this.options;
    let validationLoss = this.validate(rounded);
    let best = { parameters: this.values.slice(), step: from - 1, validationLoss };
    if (from === 1) this.recent = validationLoss;
    let stale = 0;
    for (let step = from; step <= to; step++) {
      this.recent += (this.descend(step, rounded) - this.recent) / 8;
      if (step % validateEvery !== 0 && step !== to) continue;
      validationLoss = this.validate(rounded);
      onProgress?.({ step, steps, loss: this.recent, validationLoss, rounded });
      if (validationLoss < best.validationLoss) {
        best = { parameters: this.values.slice(), step, validationLoss };
        stale = 0;
      } else if (++stale >= patience) break;
    }
    return best;
  }

  /** The parameters that the loss is taken at. */
  private looked(rounded: boolean): Float32Array {
    if (!rounded) return this.values;
    this.rounded.set(this.values);
    fakeQuantise(this.rounded, this.rows);
    return this.rounded;
  }

  /** Counted numbers of so many windows. */
  private counted(windows: number): number {
    const { outputs, shape, burnIn } = this.plan;
    return windows * (shape.steps - burnIn) * outputs.length;
  }

  private validate(rounded: boolean): number {
    const sum = this.pool.run(this.looked(rounded), this.held, 0);
    return sum / this.counted(this.held.length);
  }

  /** One step of the optimiser. @returns the batch's mean loss */
  private descend(step: number, rounded: boolean): number {
    const { kernels, options, count, gradient } = this;
    const starts = this.training.draw(options.shards * this.plan.shape.windows, this.draws);
    const numbers = this.counted(starts.length);
    gradient.fill(0);
    const sum = this.pool.run(this.looked(rounded), starts, 1 / numbers, gradient);
    const norm = Math.sqrt(kernels.sumOfSquares(gradient, count));
    this.meanDecay *= 0.9;
    this.squareDecay *= 0.999;
    this.taken += 1;
    kernels.adamStep(
      this.values,
      gradient,
      this.means,
      this.squares,
      count,
      options.rate * rateShare(step, options.steps),
      norm > options.normMax ? options.normMax / norm : 1,
      1 / (1 - this.meanDecay),
      1 / (1 - this.squareDecay),
    );
    return sum / numbers;
  }
}
