// Windows to train on, cut from feature sequences that were quantised exactly as the filter does
// it.

import { FEATURES } from "../contract";
import type { Prng } from "../lib/prng";
import { ONE_Q12 } from "../model/q12";
import type { FeatureCalibration } from "./calibration";
import type { LstmWindow } from "./lstm";
import type { PredictedOutput } from "./predicted-outputs";
import { quantiseFeature } from "../model/reference";
import type { FeatureSequence } from "../model/traffic";

/** One route's inputs, Q12. */
export type QuantisedSequence = Int16Array;

export function quantiseSequence(
  sequence: FeatureSequence,
  { offsets, scales }: FeatureCalibration,
): QuantisedSequence {
  const { vectors } = sequence;
  const out = new Int16Array(vectors.length);
  for (let i = 0; i < vectors.length; i++) {
    const feature = i % FEATURES;
    out[i] = quantiseFeature(vectors[i]!, offsets[feature]!, scales[feature]!);
  }
  return out;
}

/** A source of training windows with targets scaled to unit size per output. */
export class WindowSource {
  /** 1 / typical size of each output's target: the loss weighs outputs alike. */
  readonly targetScales: Float64Array;
  private readonly long: QuantisedSequence[];

  constructor(
    sequences: readonly QuantisedSequence[],
    private readonly outputs: readonly PredictedOutput[],
    private readonly steps: number,
    private readonly burnIn: number,
  ) {
    this.long = sequences.filter((sequence) => sequence.length / FEATURES > steps);
    this.targetScales = this.measureTargets();
  }

  /** Windows that could be drawn; 0 when every route is shorter than a window. */
  get routes(): number {
    return this.long.length;
  }

  /** A window at a random place of a random route. */
  draw(random: Prng): LstmWindow {
    const sequence = this.long[random.below(this.long.length)]!;
    const from = random.below(sequence.length / FEATURES - this.steps);
    return this.cut(sequence, from);
  }

  private cut(sequence: QuantisedSequence, from: number): LstmWindow {
    const { steps, burnIn, outputs } = this;
    const inputs = new Float64Array(steps * FEATURES);
    const targets = new Float64Array(steps * outputs.length);
    for (let i = 0; i < inputs.length; i++) inputs[i] = sequence[from * FEATURES + i]! / ONE_Q12;
    for (let step = 0; step < steps; step++) {
      outputs.forEach((_, index) => {
        const target = this.target(sequence, from + step, index);
        targets[step * outputs.length + index] = target * this.targetScales[index]!;
      });
    }
    return { inputs, targets, steps, burnIn };
  }

  /** What output `index` should say after a step, in deviations. */
  private target(sequence: QuantisedSequence, step: number, index: number): number {
    const { feature, carry } = this.outputs[index]!;
    const next = sequence[(step + 1) * FEATURES + feature]!;
    const now = carry ? sequence[step * FEATURES + feature]! : 0;
    return (next - now) / ONE_Q12;
  }

  private measureTargets(): Float64Array {
    const sums = new Float64Array(this.outputs.length);
    let count = 0;
    for (const sequence of this.long) {
      for (let step = 0; step + 1 < sequence.length / FEATURES; step += 7) {
        for (let index = 0; index < sums.length; index++) {
          sums[index] = sums[index]! + this.target(sequence, step, index) ** 2;
        }
        count += 1;
      }
    }
    return sums.map((sum) => 1 / Math.max(0.02, Math.sqrt(sum / Math.max(1, count))));
  }
}
