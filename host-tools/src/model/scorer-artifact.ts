// A scorer artifact as values: what the trainer makes, the quantiser rounds, the reference runs and
// the tools describe. Matrices are row-major here; the interleaving of the file is artifact.ts's.

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
  /** Permille of healthy requests with less. */
  readonly permille: number;
}

/** One step of the self-test, from a fresh state on. */
export interface SelfTestStep {
  /** Q12, one per input. */
  readonly input: Int16Array;
  /** Q12 after the step, one per output row (padding included). */
  readonly prediction: Int16Array;
  readonly surprise: number;
  readonly permille: number;
}

export interface ScorerArtifact {
  readonly name: string;
  readonly modelVersion: number;
  readonly featureSchema: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly inputShift: number;
  readonly warmUpSteps: number;
  readonly smoothingShift: number;
  readonly driftShift: number;
  readonly thresholdPermille: number;
  readonly trainingSeed: number;
  readonly trainingSteps: number;
  /** Raw value that becomes 0. */
  readonly featureOffsets: Float32Array;
  /** Q12 units per raw unit. */
  readonly featureScales: Float32Array;
  readonly outputFeatures: Int32Array;
  /** 1 where an output predicts the change of its feature, 0 where it predicts the value. */
  readonly outputCarries: Int32Array;
  readonly residualMultipliers: Int32Array;
  readonly driftMultipliers: Int32Array;
  /** Least residual scale, Q12. */
  readonly scaleFloors: Int32Array;
  readonly quantiles: readonly QuantileKnot[];
  /** 4 * hidden rows in the order input, forget, candidate, output. */
  readonly gates: QuantisedMatrix;
  /** One row per output. */
  readonly predictor: QuantisedMatrix;
  readonly selfTest: readonly SelfTestStep[];
}
