// What `ganglion inspect` says of an artifact: everything in it that has a meaning, under the names
// that the rest of the product uses.

import { createHash } from "node:crypto";
import { Architecture, ArtifactKind, ARTIFACT_FORMAT, featureName } from "../contract";
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
  readonly shape: { readonly inputs: number; readonly hidden: number; readonly outputs: number };
  readonly parameters: number;
  readonly multiply_adds_per_score: number;
  readonly training: { readonly seed: number; readonly steps: number };
  readonly threshold_permille: number;
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
    readonly predicts: "change" | "value";
    readonly rare_residual: number;
    readonly rare_drift: number;
    readonly least_scale: number;
  }[];
  readonly quantiles: readonly { readonly surprise: number; readonly permille: number }[];
  readonly weights: {
    readonly gates: MatrixDescription;
    readonly predictor: MatrixDescription;
  };
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
  const { inputs, hidden, outputs } = artifact;
  const cells = artifact.gates.weights.length + artifact.predictor.weights.length;
  return {
    name: artifact.name,
    model_version: artifact.modelVersion,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    size_bytes: bytes.length,
    base64_bytes: 4 * Math.ceil(bytes.length / 3),
    format_version: ARTIFACT_FORMAT,
    kind: ArtifactKind[ArtifactKind.Scorer].toLowerCase(),
    architecture: Architecture[Architecture.Lstm].toLowerCase(),
    feature_schema: artifact.featureSchema,
    shape: { inputs, hidden, outputs },
    parameters: cells + artifact.gates.rows + artifact.predictor.rows,
    multiply_adds_per_score: cells,
    training: { seed: artifact.trainingSeed, steps: artifact.trainingSteps },
    threshold_permille: artifact.thresholdPermille,
    warm_up_steps: artifact.warmUpSteps,
    smoothing_steps: 2 ** artifact.smoothingShift,
    drift_steps: 2 ** artifact.driftShift,
    calibration: Array.from({ length: inputs }, (_, i) => ({
      feature: featureName(i),
      offset: round(artifact.featureOffsets[i]!),
      deviation: round(ONE_Q12 / artifact.featureScales[i]!),
    })),
    outputs: describeOutputs(artifact),
    quantiles: artifact.quantiles,
    weights: {
      gates: describeMatrix(artifact.gates),
      predictor: describeMatrix(artifact.predictor),
    },
    self_test: { steps: artifact.selfTest.length, passed: selfTestPasses(artifact) },
  };
}

/** Residuals and drifts that count as 1, in multiples of the route's own scale. */
function describeOutputs(artifact: ScorerArtifact): ArtifactDescription["outputs"] {
  return Array.from({ length: artifact.outputs }, (_, i) => ({
    feature: featureName(artifact.outputFeatures[i]!),
    predicts: artifact.outputCarries[i] === 1 ? ("change" as const) : ("value" as const),
    rare_residual: round(4096 / artifact.residualMultipliers[i]!, 3),
    rare_drift: round(4096 / artifact.driftMultipliers[i]!, 3),
    least_scale: round(artifact.scaleFloors[i]! / ONE_Q12, 3),
  }));
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
