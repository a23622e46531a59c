// A scorer artifact as values: what the quantiser rounds, the reference runs and the tools describe.
// Matrices are row-major here; the interleaving of the file is artifact.ts's.

import type { Architecture } from "../contract";
import type { QuantisedTransformer } from "./quantised-transformer";

/** One integer matrix with its requantisation; see contract/artifact.ts for the rule. */
export interface QuantisedMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Row-major, rows * columns. */
  readonly weights: Int8Array;
  readonly multipliers: Int32Array;
  readonly biases: Int32Array;
  /** Right shift of every row. */
  readonly shift: number;
}

export interface QuantileKnot {
  /** Smoothed surprise, Q12. */
  readonly surprise: number;
  /** -log10 of the share of healthy requests with more, Q8. */
  readonly evidence: number;
}

/** One step of the self-test, from a fresh state on. */
export interface SelfTestStep {
  /** Q12, one per input. */
  readonly input: Int16Array;
  /** Q12 after the step, one per output row (padding included). */
  readonly prediction: Int16Array;
  readonly surprise: number;
  readonly evidence: number;
}

/** Length and meaning of the vectors, and the numbers of the header. */
export interface ScorerHeader {
  readonly name: string;
  readonly modelVersion: number;
  readonly featureSchema: number;
  readonly architecture: Architecture;
  /** Window of a Linear model; heads, ring and feed-forward of a Transformer, packed; else 0. */
  readonly variant: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly inputShift: number;
  readonly warmUpSteps: number;
  readonly smoothingShift: number;
  readonly driftShift: number;
  /** 0: the floors are the scales. */
  readonly scaleShift: number;
  readonly residualCapQ8: number;
  /** Q8. */
  readonly thresholdEvidence: number;
  readonly trainingSeed: number;
  readonly trainingSteps: number;
}

export interface ScorerArtifact extends ScorerHeader {
  /** Raw value that becomes 0. */
  readonly featureOffsets: Float32Array;
  /** Q12 units per raw unit. */
  readonly featureScales: Float32Array;
  readonly outputFeatures: Int32Array;
  /** OutputKind of each output. */
  readonly outputKinds: Int32Array;
  /** 1 where an output predicts the change of its feature, 0 where it predicts the value. */
  readonly outputCarries: Int32Array;
  /** Level of a quantile, Q15; else 0. */
  readonly outputLevels: Int32Array;
  /** Input (Q12) that is probability 0 of a logit; else 0. */
  readonly outputZeros: Int32Array;
  /** Input (Q12) that is probability 1 of a logit; else 0. */
  readonly outputOnes: Int32Array;
  readonly residualMultipliers: Int32Array;
  readonly driftMultipliers: Int32Array;
  /** Least residual scale, Q12. */
  readonly scaleFloors: Int32Array;
  readonly quantiles: readonly QuantileKnot[];
  /** Matrices of the core in the file's order, all of one shift; none of a Transformer. */
  readonly core: readonly QuantisedMatrix[];
  /** The layer of a Transformer, else absent. */
  readonly transformer?: QuantisedTransformer;
  /** One row per output. */
  readonly predictor: QuantisedMatrix;
  readonly selfTest: readonly SelfTestStep[];
}

/** What all outputs are when they predict plain values. */
export function valueOutputs(
  features: readonly number[],
  carries: readonly boolean[],
): Pick<
  ScorerArtifact,
  "outputFeatures" | "outputKinds" | "outputCarries" | "outputLevels" | "outputZeros" | "outputOnes"
> {
  const none = () => new Int32Array(features.length);
  return {
    outputFeatures: Int32Array.from(features),
    outputKinds: none(),
    outputCarries: Int32Array.from(carries, Number),
    outputLevels: none(),
    outputZeros: none(),
    outputOnes: none(),
  };
}
