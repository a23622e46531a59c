// What the sequence model (L1) made of a request: every output's residual and drift as shares of the
// surprise. The model's own reference runs through the route's whole past, because its state is that
// past; the shares are followed beside it, with the same averages as the score has.

import {
  Architecture,
  DRIFT_CAP_Q8,
  FEATURES,
  featureName,
  OutputKind,
  RATIO_MAX_Q8,
} from "../contract";
import { sigmoid } from "../model/exact-math";
import { ONE_Q12 } from "../model/q12";
import { quantiseFeature, ReferenceScorer } from "../model/reference";
import type { ScorerArtifact } from "../model/scorer-artifact";
import type { ExplainedLayer, ExplainedPart } from "./decision-explanation";
import { featureText, leanText } from "./feature-unit";

/** Parts below this share are not told. */
const SHARE_MIN = 0.02;

/** One output's part of the surprise, in its unit. */
interface OutputPart {
  readonly residual: number;
  readonly drift: number;
  /** Q12: what was predicted for this vector, and what the vector had. */
  readonly predicted: number;
  readonly actual: number;
  /** Q12: mean signed residual of the last requests, and how large it usually is on this route. */
  readonly lean: number;
  readonly usualLean: number;
}

/**
 * @param vectors raw features of the route's requests, FEATURES each; the last is the one to explain
 */
export function explainSequence(
  artifact: ScorerArtifact,
  vectors: Float32Array,
): Omit<ExplainedLayer, "acts"> {
  const scorer = new ReferenceScorer(artifact);
  const follower = new ContributionFollower(artifact, scorer);
  let score = { evidence: 0, surprise: 0 };
  for (let at = 0; at < vectors.length; at += FEATURES) {
    score = follower.step(vectors.subarray(at, at + FEATURES));
  }
  const isWarm = scorer.steps > artifact.warmUpSteps;
  const surprise = (score.surprise / ONE_Q12).toFixed(2);
  const state = isWarm ? "" : `warming up, request ${scorer.steps} of ${artifact.warmUpSteps}; `;
  return {
    layer: "L1",
    title: "sequence model",
    evidence: isWarm ? score.evidence / 256 : null,
    note: `${state}surprise ${surprise}`,
    parts: isWarm ? partsOf(artifact, follower.parts) : [],
  };
}

/** Steps the reference and keeps what each output adds to its surprise. */
class ContributionFollower {
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

function partsOf(artifact: ScorerArtifact, outputs: readonly OutputPart[]): ExplainedPart[] {
  const total = outputs.reduce((sum, { residual, drift }) => sum + residual + drift, 0);
  if (total <= 0) return [];
  const raw = (feature: number, q12: number) =>
    artifact.featureOffsets[feature]! + q12 / artifact.featureScales[feature]!;
  return outputs
    .map((part, i): ExplainedPart => {
      const feature = artifact.outputFeatures[i]!;
      const share = (part.residual + part.drift) / total;
      const name = featureName(feature);
      if (part.drift > part.residual) {
        const unit = artifact.featureScales[feature]!;
        const usual = part.lean < 0 ? -part.usualLean : part.usualLean;
        const ofPrediction = name.startsWith("log_") ? "the prediction" : "off the prediction";
        return {
          name: `${name}${levelText(artifact, i)} for a while`,
          seen: `${leanText(feature, part.lean / unit)} ${ofPrediction}`,
          expected: `usually ${leanText(feature, usual / unit)}`,
          share,
        };
      }
      return {
        name: `${name}${levelText(artifact, i)} now`,
        seen: featureText(feature, raw(feature, part.actual)),
        expected:
          artifact.outputKinds[i] === OutputKind.Logit
            ? featureText(feature, sigmoid(part.predicted / ONE_Q12))
            : featureText(feature, raw(feature, part.predicted)),
        share,
      };
    })
    .filter(({ share }) => share >= SHARE_MIN)
    .sort((a, b) => b.share - a.share);
}

/** `, 99 % quantile` of an output that predicts one. */
function levelText(artifact: ScorerArtifact, output: number): string {
  if (artifact.outputKinds[output] !== OutputKind.Quantile) return "";
  const level = (100 * artifact.outputLevels[output]!) / 32768;
  return `, ${Number(level.toPrecision(3))} % quantile,`;
}
