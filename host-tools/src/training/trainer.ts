// Fits the LSTM to healthy traffic. One thread and doubles: a default training takes seconds, and
// the sum of a batch must not depend on how many cores took part.

import { FEATURES } from "../contract";
import { GanglionError } from "../lib/errors";
import type { Prng } from "../lib/prng";
import { Adam } from "./adam";
import { type QuantisedSequence, WindowSource } from "./dataset";
import { LstmModel, LstmTape, type LstmWindow, backward, forward, windowLoss } from "./lstm";
import type { PredictedOutput } from "./predicted-outputs";

export interface TrainingOptions {
  readonly hidden: number;
  /** Most optimiser steps; early stopping may take fewer. */
  readonly steps: number;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
}

export interface TrainingProgress {
  readonly step: number;
  readonly steps: number;
  /** Of the last batches. */
  readonly loss: number;
  readonly validationLoss: number;
}

export interface TrainedModel {
  /** Predictions in deviations: the targets' scaling is already taken off. */
  readonly model: LstmModel;
  /** Step whose parameters were best on validation traffic, and are kept. */
  readonly bestStep: number;
  readonly validationLoss: number;
}

const WINDOW_STEPS = 32;
const BURN_IN = 6;
const BATCH = 24;
const VALIDATION_WINDOWS = 256;
const VALIDATE_EVERY = 25;
/** Validations without progress after which training stops. */
const PATIENCE = 8;
const RATE = 0.01;
const NORM_MAX = 1;

/**
 * Trains on some routes and watches the loss on others.
 * @throws GanglionError E_TRAFFIC_SHORT when no route has enough requests for one window
 */
export function train(
  training: readonly QuantisedSequence[],
  validation: readonly QuantisedSequence[],
  outputs: readonly PredictedOutput[],
  options: TrainingOptions,
  random: Prng,
): TrainedModel {
  const source = new WindowSource(training, outputs, WINDOW_STEPS, BURN_IN);
  const held = new WindowSource(validation, outputs, WINDOW_STEPS, BURN_IN);
  if (source.routes === 0 || held.routes === 0) {
    throw new GanglionError(
      "E_TRAFFIC_SHORT",
      `no route has more than ${WINDOW_STEPS} requests in a row to learn from`,
      { hint: "Record for longer, or train on `--from synthetic`." },
    );
  }
  held.targetScales.set(source.targetScales);
  const model = LstmModel.random(
    { inputs: FEATURES, hidden: options.hidden, outputs: outputs.length },
    random.fork("weights"),
  );
  const draws = random.fork("windows");
  const examined = random.fork("validation");
  const windows = Array.from({ length: VALIDATION_WINDOWS }, () => held.draw(examined));
  const result = descend(model, source, windows, draws, options);
  return { ...result, model: unscale(result.model, source.targetScales) };
}

function descend(
  model: LstmModel,
  source: WindowSource,
  windows: readonly LstmWindow[],
  draws: Prng,
  options: TrainingOptions,
): TrainedModel {
  const tape = new LstmTape(model.shape, WINDOW_STEPS);
  const adam = new Adam(model.values.length);
  let best = { model: model.clone(), bestStep: 0, validationLoss: meanLoss(model, windows, tape) };
  let stale = 0;
  let recent = best.validationLoss;
  for (let step = 1; step <= options.steps; step++) {
    const gradient = new LstmModel(model.shape);
    let loss = 0;
    for (let i = 0; i < BATCH; i++) {
      const window = source.draw(draws);
      forward(model, window, tape);
      loss += windowLoss(model, window, tape) / BATCH;
      backward(model, window, tape, gradient);
    }
    for (let i = 0; i < gradient.values.length; i++)
      gradient.values[i] = gradient.values[i]! / BATCH;
    recent += (loss - recent) / 8;
    adam.update(model.values, gradient.values, rateAt(step, options.steps), NORM_MAX);
    if (step % VALIDATE_EVERY !== 0 && step !== options.steps) continue;
    const validationLoss = meanLoss(model, windows, tape);
    options.onProgress?.({ step, steps: options.steps, loss: recent, validationLoss });
    if (validationLoss < best.validationLoss) {
      best = { model: model.clone(), bestStep: step, validationLoss };
      stale = 0;
    } else if (++stale >= PATIENCE) break;
  }
  return best;
}

/** Rises over the first twentieth, then falls as a parabola to a hundredth (cosine's shape). */
function rateAt(step: number, steps: number): number {
  const done = step / steps;
  const rise = Math.min(1, done * 20);
  return RATE * rise * Math.max(0.01, (1 - done) * (1 - done) * (1 + 2 * done));
}

function meanLoss(model: LstmModel, windows: readonly LstmWindow[], tape: LstmTape): number {
  let sum = 0;
  for (const window of windows) {
    forward(model, window, tape);
    sum += windowLoss(model, window, tape);
  }
  return sum / windows.length;
}

/** Takes the targets' scaling off, so that outputs are in deviations. */
function unscale(model: LstmModel, targetScales: Float64Array): LstmModel {
  const plain = model.clone();
  const { hidden } = model.shape;
  targetScales.forEach((scale, output) => {
    plain.outputBiases[output] = plain.outputBiases[output]! / scale;
    for (let unit = 0; unit < hidden; unit++) {
      const at = output * hidden + unit;
      plain.outputWeights[at] = plain.outputWeights[at]! / scale;
    }
  });
  return plain;
}
