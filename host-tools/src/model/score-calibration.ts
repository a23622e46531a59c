// What a surprise is worth: measured with the integer model itself on healthy traffic it has not seen,
// so that quantisation, smoothing and the model's weaknesses are all inside the calibration.

import { QUANTILE_KNOTS_MAX, SURPRISE_MAX } from "../contract";
import { FEATURES } from "../contract";
import type { QuantisedSequence } from "./dataset";
import { ReferenceScorer } from "./reference";
import { residualMultiplier } from "./quantiser";
import type { QuantileKnot, ScorerArtifact } from "./scorer-artifact";

/** An output's residual at this quantile is 1.0: heavy and light tails weigh alike. */
const RESIDUAL_QUANTILE = 0.99;

/** Scores at which the table has a knot; 1000 is extrapolated. */
const KNOT_PERMILLES = [100, 250, 500, 750, 900, 950, 975, 990, 995, 999];

/** @returns the value below which the given share lies; 0 for none */
export function quantile(sorted: Float64Array | Int32Array, share: number): number {
  if (sorted.length === 0) return 0;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

export interface ResidualCalibration {
  readonly residualMultipliers: Int32Array;
  readonly driftMultipliers: Int32Array;
}

/** Multipliers that bring each output's rare residual, and its rare drift, to the same size. */
export function calibrateResiduals(
  artifact: ScorerArtifact,
  sequences: readonly QuantisedSequence[],
): ResidualCalibration {
  const residuals = Array.from({ length: artifact.outputs }, () => [] as number[]);
  const drifts = Array.from({ length: artifact.outputs }, () => [] as number[]);
  for (const sequence of sequences) {
    const scorer = new ReferenceScorer(artifact);
    for (let at = 0; at < sequence.length; at += FEATURES) {
      const x = sequence.subarray(at, at + FEATURES);
      const before = scorer.prediction.slice();
      scorer.step(x);
      if (scorer.steps <= artifact.warmUpSteps) continue;
      for (let i = 0; i < artifact.outputs; i++) {
        residuals[i]!.push(Math.abs(x[artifact.outputFeatures[i]!]! - before[i]!));
        drifts[i]!.push(Math.abs(scorer.drift[i]!) / 256);
      }
    }
  }
  const multipliers = (lists: number[][]) =>
    Int32Array.from(lists, (list) =>
      residualMultiplier(quantile(Float64Array.from(list).sort(), RESIDUAL_QUANTILE)),
    );
  return { residualMultipliers: multipliers(residuals), driftMultipliers: multipliers(drifts) };
}

/** Smoothed surprises of healthy traffic after warm-up, sorted. */
export function healthySurprises(
  artifact: ScorerArtifact,
  sequences: readonly QuantisedSequence[],
): Int32Array {
  const surprises: number[] = [];
  for (const sequence of sequences) {
    const scorer = new ReferenceScorer(artifact);
    for (let at = 0; at < sequence.length; at += FEATURES) {
      const { surprise } = scorer.step(sequence.subarray(at, at + FEATURES));
      if (scorer.steps > artifact.warmUpSteps) surprises.push(surprise);
    }
  }
  return Int32Array.from(surprises).sort();
}

/**
 * The table from surprise to permille: knots at quantiles of healthy traffic, so that 990 means that
 * one healthy request in a hundred has more. Above 999 the tail is continued exponentially: from 99 %
 * to 99.9 % a step, and as much again up to 1000 (99.99 %).
 */
export function quantileTable(sorted: Int32Array): QuantileKnot[] {
  const knots: QuantileKnot[] = [{ surprise: 0, permille: 0 }];
  const add = (surprise: number, permille: number) => {
    const last = knots[knots.length - 1]!;
    knots.push({
      surprise: Math.min(SURPRISE_MAX, Math.max(last.surprise + 1, surprise)),
      permille,
    });
  };
  for (const permille of KNOT_PERMILLES) add(quantile(sorted, permille / 1000), permille);
  const step = quantile(sorted, 0.999) - quantile(sorted, 0.99);
  add(quantile(sorted, 0.999) + Math.max(1, step), 1000);
  if (knots.length > QUANTILE_KNOTS_MAX) throw new RangeError("too many knots");
  return knots;
}
