// How long the default recipe trains, traffic and calibration included, and whether it gives the same bytes
// again: from the same seed, and with one thread as with two. Beside it the training kernels alone: steps per
// second, arithmetic per second, and the module against plain TypeScript, on the recipe's own network.

import { FEATURES } from "../host-tools/src/contract";
import { seededPrng } from "../host-tools/src/lib/prng";
import { encodeArtifact } from "../host-tools/src/model/artifact";
import { normal } from "../host-tools/src/model/exact-math";
import { type BuiltModel, buildModel } from "../host-tools/src/training/build-model";
import { DEFAULT_RECIPE, syntheticData } from "../host-tools/src/training/default-model";
import { type ForecasterOptions, trainForecaster } from "../host-tools/src/training/forecaster";
import { ReferenceKernels } from "../host-tools/src/training/kernels-reference";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { median, rounded } from "./statistics";

const QUICK_STEPS = 200;
const BATCH = 64;
const WINDOW_STEPS = 48;
const OUTPUTS = 16;
/** Of the kernels' measurement. */
const SERIES = 8;
const SERIES_LENGTH = 2000;

/** One training as `ganglion train --default` does it, from made-up traffic to an artifact. */
function trainDefault(seed: number, steps: number): { built: BuiltModel; seconds: number } {
  const started = performance.now();
  const built = buildModel(syntheticData(seed), { ...DEFAULT_RECIPE, seed, steps, threads: 2 });
  return { built, seconds: (performance.now() - started) / 1000 };
}

/** Vectors without a pattern: the time of a step does not depend on what is in it. */
function noise(seed: number): Float32Array[] {
  const random = seededPrng(seed);
  const length = SERIES_LENGTH * FEATURES;
  return Array.from({ length: SERIES }, () => Float32Array.from({ length }, () => normal(random)));
}

const NETWORK: ForecasterOptions = {
  architecture: "gru",
  hidden: DEFAULT_RECIPE.hidden,
  outputs: Array.from({ length: OUTPUTS }, (_, feature) => ({
    kind: "value",
    feature,
    carry: false,
  })),
  batch: BATCH,
  windowSteps: WINDOW_STEPS,
  // Only the end is validated.
  patience: Infinity,
  roundedShare: 0,
};

/** Multiplications of one optimiser step, there and back. */
function multiplications(): number {
  const { hidden } = DEFAULT_RECIPE;
  const columns = FEATURES + hidden;
  const weights = (3 * hidden + OUTPUTS) * columns;
  // Forward and weights' gradients take all of them, the state's gradient its own columns.
  const backToState = (3 * hidden + OUTPUTS) * hidden;
  return BATCH * WINDOW_STEPS * (2 * weights + backToState);
}

/** Seconds of one optimiser step: a longer run less a shorter one, which leaves what is done once. */
function secondsPerStep(series: Float32Array[], steps: number, options: ForecasterOptions): number {
  const time = (count: number): number => {
    const started = performance.now();
    trainForecaster(series, FEATURES, { ...NETWORK, ...options, steps: count });
    return (performance.now() - started) / 1000;
  };
  // Both validate as often.
  return (time(2 * steps) - time(steps)) / steps;
}

async function run(options: BenchOptions): Promise<BenchResult> {
  const { seed, quick, say } = options;
  const steps = quick ? QUICK_STEPS : DEFAULT_RECIPE.steps;
  const first = trainDefault(seed, steps);
  say(`train: ${first.seconds.toFixed(1)} s for ${steps} steps at most`);
  const second = trainDefault(seed, steps);
  const [one, other] = [first, second].map(({ built }) => encodeArtifact(built.artifact));
  const series = noise(seed);
  const parameters = [1, 2].map(
    (threads) =>
      trainForecaster(series, FEATURES, { ...NETWORK, steps: 60, roundedShare: 0.2, threads }).fit
        .parameters,
  );
  const deterministic =
    Buffer.compare(one!, other!) === 0 && parameters[0]!.every((v, i) => v === parameters[1]![i]);
  const rounds = quick ? 1 : 5;
  const repeat = (steps: number, more: ForecasterOptions): number =>
    median(Array.from({ length: rounds }, () => secondsPerStep(series, steps, more)));
  secondsPerStep(series, 20, { threads: 2 });
  const two = repeat(100, { threads: 2 });
  const alone = repeat(100, { threads: 1 });
  const plain = secondsPerStep(series, 3, { threads: 1, kernels: new ReferenceKernels() });
  say(`train: a step takes ${(1000 * two).toFixed(2)} ms with two threads`);
  const gflops = (each: number): number => rounded((2 * multiplications()) / each / 1e9, 2);
  return {
    figures: {
      seconds: rounded(first.seconds, 1),
      seconds_again: rounded(second.seconds, 1),
      steps_per_s: rounded(1 / two, 0),
      steps_per_s_one_thread: rounded(1 / alone, 0),
      loss: rounded(first.built.outcome?.validationLoss ?? NaN, 4),
      deterministic,
      gflops: gflops(two),
      gflops_one_thread: gflops(alone),
      wasm_speedup: rounded(plain / alone, 1),
      requests: first.built.trainingRequests,
      artifact_bytes: one!.length,
    },
  };
}

export const bench: Bench = {
  name: "train",
  summary: "the default recipe: seconds, loss, determinism; the training kernels",
  run,
};
