// What the sequence model (L1) made of a request: every output's residual and drift as shares of the
// surprise. The model's own reference runs through the route's whole past, because its state is that
// past; the shares are followed beside it, with the same averages as the score has.

import { DRIFT_CAP_Q8, FEATURES, featureName, RATIO_MAX_Q8, RESIDUAL_CAP_Q8 } from "../contract";
import { ONE_Q12 } from "../model/q12";
import { quantiseFeature, ReferenceScorer } from "../model/reference";
import type { ScorerArtifact } from "../model/scorer-artifact";
import { evidenceOfPermille } from "../model-card/calibration-curve";
import type { ExplainedLayer, ExplainedPart } from "./decision-explanation";
import { featureText, leanText } from "./feature-unit";

/** Parts below this share are not told. */
const SHARE_MIN = 0.02;

export interface ExplainedSequence {
  readonly layer: ExplainedLayer;
  /** The score by the reference: 0 during warm-up. */
  readonly scorePermille: number;
}

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
): ExplainedSequence {
  const scorer = new ReferenceScorer(artifact);
  const follower = new ContributionFollower(artifact, scorer);
  let score = { scorePermille: 0, permille: 0, surprise: 0 };
  for (let at = 0; at < vectors.length; at += FEATURES) {
    score = follower.step(vectors.subarray(at, at + FEATURES));
  }
  const isWarm = scorer.steps > artifact.warmUpSteps;
  const parts = isWarm ? partsOf(artifact, follower.parts) : [];
  const surprise = (score.surprise / ONE_Q12).toFixed(2);
  return {
    scorePermille: score.scorePermille,
    layer: {
      layer: "L1",
      title: "sequence model",
      evidence: isWarm ? evidenceOfPermille(score.permille) : null,
      note: isWarm
        ? `surprise ${surprise}, more than that of ${score.permille} in 1000 healthy requests`
        : `the route is warming up: request ${scorer.steps} of ${artifact.warmUpSteps}`,
      parts,
    },
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
    const predicted = scorer.prediction.slice(0, outputs);
    const units = Array.from({ length: outputs }, (_, i) => scorer.unit(i));
    const isFirst = scorer.steps === 0;
    const result = scorer.stepRaw(vector);
    const weight = 2 ** -artifact.smoothingShift;
    this.parts = Array.from(predicted, (prediction, i) => {
      const feature = outputFeatures[i]!;
      const actual = quantiseFeature(
        vector[feature]!,
        artifact.featureOffsets[feature]!,
        artifact.featureScales[feature]!,
      );
      const unit = units[i]!;
      const off = isFirst ? 0 : Math.abs(actual - prediction);
      const residual = normalised(off, unit, residualMultipliers[i]!, RESIDUAL_CAP_Q8);
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
          name: `${name} for a while`,
          seen: `${leanText(feature, part.lean / unit)} ${ofPrediction}`,
          expected: `usually ${leanText(feature, usual / unit)}`,
          share,
        };
      }
      return {
        name: `${name} now`,
        seen: featureText(feature, raw(feature, part.actual)),
        expected: featureText(feature, raw(feature, part.predicted)),
        share,
      };
    })
    .filter(({ share }) => share >= SHARE_MIN)
    .sort((a, b) => b.share - a.share);
}
