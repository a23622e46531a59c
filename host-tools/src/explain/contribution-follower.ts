// What each output of a scorer adds to its surprise. The score keeps one average over all outputs; here
// each output has its own, with the same weight, so that they add up to the score's within rounding.

import { Architecture, DRIFT_CAP_Q8, RATIO_MAX_Q8 } from "../contract";
import { quantiseFeature, type ReferenceScorer } from "../model/reference";
import type { ScorerArtifact } from "../model/scorer-artifact";

/** One output's part of the surprise, in its unit. */
export interface OutputPart {
  readonly residual: number;
  readonly drift: number;
  /** Q12: what was predicted for this vector, and what the vector had. */
  readonly predicted: number;
  readonly actual: number;
  /** Q12: mean signed residual of the last requests, and how large it usually is on this route. */
  readonly lean: number;
  readonly usualLean: number;
}

/** Steps the reference and keeps what each output adds to its surprise. */
export class ContributionFollower {
  /** By output, of the last step; residuals and drifts add up to the surprise. */
  parts: OutputPart[] = [];
  private readonly unrest: Float64Array;

  constructor(
    private readonly artifact: ScorerArtifact,
    private readonly scorer: ReferenceScorer,
  ) {
    this.unrest = new Float64Array(artifact.outputs);
  }

  step(vector: Float32Array) {
    const { artifact, scorer } = this;
    const { outputs, outputFeatures, residualMultipliers, driftMultipliers } = artifact;
    const before = scorer.prediction.slice(0, outputs);
    const units = Array.from({ length: outputs }, (_, i) => scorer.unit(i));
    const result = scorer.stepRaw(vector);
    // A linear model reconstructs the vector itself; the others have predicted it.
    const isLinear = artifact.architecture === Architecture.Linear;
    const predicted = isLinear ? scorer.prediction.slice(0, outputs) : before;
    const weight = 2 ** -artifact.smoothingShift;
    this.parts = Array.from(predicted, (prediction, i) => {
      const feature = outputFeatures[i]!;
      const actual = quantiseFeature(
        vector[feature]!,
        artifact.featureOffsets[feature]!,
        artifact.featureScales[feature]!,
      );
      const unit = units[i]!;
      const off = Math.abs(scorer.residuals[i]!);
      const residual = normalised(off, unit, residualMultipliers[i]!, artifact.residualCapQ8);
      this.unrest[i] = this.unrest[i]! + weight * (residual ** 2 / 16 - this.unrest[i]!);
      const lean = scorer.drift[i]! / 256;
      const size = Math.floor(Math.abs(lean));
      const drift = normalised(size, unit, driftMultipliers[i]!, DRIFT_CAP_Q8);
      return {
        residual: this.unrest[i]!,
        drift: drift ** 2 / 16,
        predicted: prediction,
        actual,
        lean,
        usualLean: unit,
      };
    });
    return result;
  }
}

/** As in the reference. */
function normalised(distance: number, unit: number, multiplier: number, cap: number): number {
  const ratio = Math.min(RATIO_MAX_Q8, Math.floor((distance * 256) / unit));
  return Math.min(cap, Math.floor((ratio * multiplier) / 4096));
}
