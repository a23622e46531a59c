// What the sequence model (L1) made of a request: every output's residual and drift as shares of the
// surprise, in units a person reads. The model's own reference runs through the route's whole past,
// because its state is that past.

import { FEATURES, featureName, OutputKind } from "../contract";
import { sigmoid } from "../model/exact-math";
import { ONE_Q12 } from "../model/q12";
import { ReferenceScorer } from "../model/reference";
import type { ScorerArtifact } from "../model/scorer-artifact";
import { ContributionFollower, type OutputPart } from "./contribution-follower";
import type { ExplainedPart, LayerStory } from "./decision-explanation";
import { featureText, leanText } from "./feature-unit";

/** Parts below this share are not told. */
const SHARE_MIN = 0.02;

/**
 * @param vectors raw features of the route's requests, FEATURES each; the last is the one to explain
 */
export function explainSequence(artifact: ScorerArtifact, vectors: Float32Array): LayerStory {
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
