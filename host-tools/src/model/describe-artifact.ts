// What `ganglion inspect` says of an artifact: everything in it that has a meaning, under the names
// that the rest of the product uses.

import { createHash } from "node:crypto";
import {
  ARTIFACT_FORMAT,
  Architecture,
  ArtifactKind,
  EVIDENCE_ONE,
  OutputKind,
  evidencePermille,
  featureName,
  stateBytes,
  variantFeedForward,
  variantHeads,
  variantRing,
} from "../contract";
import { decodeArtifact } from "./artifact";
import { ONE_Q12 } from "./q12";
import { selfTestPasses } from "./quantiser";
import type { QuantisedMatrix, ScorerArtifact } from "./scorer-artifact";

export interface ArtifactDescription {
  readonly name: string;
  readonly model_version: number;
  readonly sha256: string;
  readonly size_bytes: number;
  readonly base64_bytes: number;
  readonly format_version: number;
  readonly kind: string;
  readonly architecture: string;
  readonly feature_schema: number;
  readonly shape: {
    readonly inputs: number;
    readonly hidden: number;
    readonly outputs: number;
    /** Vectors that a linear model looks at together. */
    readonly window?: number;
    /** Of a Transformer. */
    readonly heads?: number;
    readonly ring?: number;
    readonly feed_forward?: number;
  };
  readonly parameters: number;
  readonly multiply_adds_per_score: number;
  readonly training: { readonly seed: number; readonly steps: number };
  /** -log10 of the share of healthy requests that are called anomalous; as a score below. */
  readonly threshold_evidence: number;
  readonly threshold_permille: number;
  /** Bytes of a route's state. */
  readonly state_bytes: number;
  readonly warm_up_steps: number;
  readonly smoothing_steps: number;
  readonly drift_steps: number;
  readonly calibration: readonly {
    readonly feature: string;
    readonly offset: number;
    readonly deviation: number;
  }[];
  readonly outputs: readonly {
    readonly feature: string;
    readonly predicts: "change" | "value" | "quantile" | "change quantile" | "probability";
    /** Of a quantile. */
    readonly level?: number;
    readonly rare_residual: number;
    readonly rare_drift: number;
    readonly least_scale: number;
  }[];
  readonly quantiles: readonly {
    readonly surprise: number;
    readonly evidence: number;
    readonly permille: number;
  }[];
  /** By name of the matrix. */
  readonly weights: Readonly<Record<string, MatrixDescription>>;
  readonly self_test: { readonly steps: number; readonly passed: boolean };
}

interface MatrixDescription {
  readonly rows: number;
  readonly columns: number;
  readonly shift: number;
  /** Weights that are 0 after rounding, and that are at either end. */
  readonly zero_pct: number;
  readonly saturated_pct: number;
}

const round = (value: number, digits = 4): number => Number(value.toPrecision(digits));

/** @throws GanglionError E_ARTIFACT_... when it is no artifact that the filter would take */
export function describeArtifact(bytes: Uint8Array): ArtifactDescription {
  const artifact = decodeArtifact(bytes);
  const { architecture, inputs, hidden, outputs, variant } = artifact;
  const matrices = namedMatrices(artifact);
  const cells = matrices.reduce((sum, [, matrix]) => sum + matrix.weights.length, 0);
  return {
    name: artifact.name,
    model_version: artifact.modelVersion,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    size_bytes: bytes.length,
    base64_bytes: 4 * Math.ceil(bytes.length / 3),
    format_version: ARTIFACT_FORMAT,
    kind: ArtifactKind[ArtifactKind.Scorer].toLowerCase(),
    architecture: Architecture[architecture].toLowerCase(),
    feature_schema: artifact.featureSchema,
    shape: { inputs, hidden, outputs, ...describeVariant(architecture, variant) },
    parameters: parameterCount(artifact),
    multiply_adds_per_score: cells,
    training: { seed: artifact.trainingSeed, steps: artifact.trainingSteps },
    threshold_evidence: round(artifact.thresholdEvidence / EVIDENCE_ONE),
    threshold_permille: evidencePermille(artifact.thresholdEvidence),
    state_bytes: stateBytes(architecture, inputs, hidden, outputs, variant),
    warm_up_steps: artifact.warmUpSteps,
    smoothing_steps: 2 ** artifact.smoothingShift,
    drift_steps: 2 ** artifact.driftShift,
    calibration: Array.from({ length: inputs }, (_, i) => ({
      feature: featureName(i),
      offset: round(artifact.featureOffsets[i]!),
      deviation: round(ONE_Q12 / artifact.featureScales[i]!),
    })),
    outputs: describeOutputs(artifact),
    quantiles: artifact.quantiles.map(({ surprise, evidence }) => ({
      surprise,
      evidence: round(evidence / EVIDENCE_ONE),
      permille: evidencePermille(evidence),
    })),
    weights: Object.fromEntries(
      matrices.map(([name, matrix]) => [name, describeMatrix(matrix)] as const),
    ),
    self_test: { steps: artifact.selfTest.length, passed: selfTestPasses(artifact) },
  };
}

/** Weights and biases that a training has fitted. */
export function parameterCount(artifact: ScorerArtifact): number {
  const matrices = namedMatrices(artifact).map(([, { weights, rows }]) => weights.length + rows);
  const ageBias = artifact.transformer?.ageBias.length ?? 0;
  return matrices.reduce((sum, count) => sum + count, ageBias);
}

/** Every matrix under its name, in the file's order. */
export function namedMatrices(artifact: ScorerArtifact): (readonly [string, QuantisedMatrix])[] {
  const names: Readonly<Record<Architecture, readonly string[]>> = {
    [Architecture.Lstm]: ["gates"],
    [Architecture.Gru]: ["gates", "candidate", "recurrent_candidate"],
    [Architecture.Linear]: ["encoder"],
    [Architecture.Transformer]: ["embed", "attend", "merge", "expand", "contract"],
  };
  const core = artifact.transformer?.matrices ?? artifact.core;
  return [
    ...core.map((matrix, i) => [names[artifact.architecture][i]!, matrix] as const),
    ["predictor", artifact.predictor],
  ];
}

function describeVariant(architecture: Architecture, variant: number) {
  if (architecture === Architecture.Linear) return { window: variant };
  if (architecture !== Architecture.Transformer) return {};
  return {
    heads: variantHeads(variant),
    ring: variantRing(variant),
    feed_forward: variantFeedForward(variant),
  };
}

/** Residuals and drifts that count as 1, in multiples of the route's own scale. */
function describeOutputs(artifact: ScorerArtifact): ArtifactDescription["outputs"] {
  return Array.from({ length: artifact.outputs }, (_, i) => ({
    feature: featureName(artifact.outputFeatures[i]!),
    ...describeKind(artifact, i),
    rare_residual: round(4096 / artifact.residualMultipliers[i]!, 3),
    rare_drift: round(4096 / artifact.driftMultipliers[i]!, 3),
    least_scale: round(artifact.scaleFloors[i]! / ONE_Q12, 3),
  }));
}

function describeKind(artifact: ScorerArtifact, i: number) {
  const change = artifact.outputCarries[i] === 1;
  switch (artifact.outputKinds[i]) {
    case OutputKind.Quantile: {
      const level = round(artifact.outputLevels[i]! / 32768);
      return { predicts: change ? ("change quantile" as const) : ("quantile" as const), level };
    }
    case OutputKind.Logit:
      return { predicts: "probability" as const };
    default:
      return { predicts: change ? ("change" as const) : ("value" as const) };
  }
}

function describeMatrix({ rows, columns, shift, weights }: QuantisedMatrix): MatrixDescription {
  const share = (test: (weight: number) => boolean) =>
    round((100 * weights.filter(test).length) / weights.length, 3);
  return {
    rows,
    columns,
    shift,
    zero_pct: share((weight) => weight === 0),
    saturated_pct: share((weight) => Math.abs(weight) >= 127),
  };
}
