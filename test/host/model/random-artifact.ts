// Random artifacts for tests of the kernels: any architecture, any shape, any numbers that the format
// allows, not only those a trainer would make.

import {
  ACCUMULATOR_COLUMNS_MAX,
  Architecture,
  BIAS_MAX,
  DRIFT_SHIFT_MAX,
  EVIDENCE_MAX,
  FEATURES,
  FEATURE_SCHEMA,
  LEVEL_MAX_Q15,
  OUTPUT_KINDS,
  OutputKind,
  RESIDUAL_CAP_MAX_Q8,
  RESIDUAL_CAP_MIN_Q8,
  RESIDUAL_MULTIPLIER_MAX,
  SCALE_SHIFT_MAX,
  SMOOTHING_SHIFT_MAX,
  WINDOW_MAX,
  coreMatrices,
  coreMatrixColumns,
  coreMatrixRows,
  predictorInputs,
} from "../../../host-tools/src/contract";
import type { Prng } from "../../../host-tools/src/lib/prng";
import { withSelfTest } from "../../../host-tools/src/model/quantiser";
import type {
  QuantisedMatrix,
  ScorerArtifact,
} from "../../../host-tools/src/model/scorer-artifact";
import { randomTransformer } from "./random-transformer";

export const ARCHITECTURES: readonly Architecture[] = [
  Architecture.Lstm,
  Architecture.Gru,
  Architecture.Transformer,
  Architecture.Linear,
];

export interface RandomShape {
  readonly architecture?: Architecture;
  readonly inputs?: number;
  readonly hidden: number;
  readonly outputs?: number;
  /** As in the header; by default any that the architecture allows. */
  readonly variant?: number;
  /** Weights of -128 and 127 only, largest biases: the accumulator's worst case. */
  readonly extreme?: boolean;
}

type Either = <T>(first: T, second: T) => T;

function randomMatrix(
  random: Prng,
  rows: number,
  columns: number,
  shift: number,
  extreme: boolean,
): QuantisedMatrix {
  const either: Either = (first, second) => (random.below(2) === 0 ? first : second);
  // Multipliers that bring a typical sum to the middle of int16.
  const typical = (2 ** shift / (64 * 8000 * Math.sqrt(columns) * 8)) * 4096;
  return {
    rows,
    columns,
    shift,
    weights: Int8Array.from({ length: rows * columns }, () =>
      extreme ? either(-128, 127) : random.below(256) - 128,
    ),
    multipliers: Int32Array.from({ length: rows }, () =>
      Math.min(2 ** 31 - 1, Math.round(typical * (0.25 + 2 * random.uniform()))),
    ),
    biases: Int32Array.from({ length: rows }, () =>
      extreme ? either(-BIAS_MAX, BIAS_MAX) : Math.round((2 * random.uniform() - 1) * 2 ** 24),
    ),
  };
}

/** A vector of small, usual or extreme numbers. */
export function randomInput(random: Prng, inputs: number): Int16Array {
  const kind = random.below(8);
  return Int16Array.from({ length: inputs }, () => {
    if (kind === 0) return random.below(2) === 0 ? -32768 : 32767;
    if (kind === 1) return 0;
    if (kind === 2) return random.below(65536) - 32768;
    return Math.max(-32768, Math.min(32767, Math.round(random.normal() * 4096)));
  });
}

/** A window of a linear model, or heads, ring and feed-forward of a Transformer. */
function randomVariant(random: Prng, shape: RandomShape, inputs: number): number {
  switch (shape.architecture ?? Architecture.Lstm) {
    case Architecture.Linear:
      return 1 + random.below(Math.min(WINDOW_MAX, Math.floor(ACCUMULATOR_COLUMNS_MAX / inputs)));
    case Architecture.Transformer: {
      const possible = [1, 2, 4].filter((heads) => shape.hidden % (4 * heads) === 0);
      const heads = possible[random.below(possible.length)]!;
      return heads + ((8 << random.below(2)) << 8) + ((16 * (1 + random.below(8))) << 16);
    }
    default:
      return 0;
  }
}

function randomCore(random: Prng, shape: RandomShape, inputs: number, variant: number) {
  const { hidden, architecture = Architecture.Lstm, extreme = false } = shape;
  if (architecture === Architecture.Transformer) {
    const heads = variant & 255;
    const ring = (variant >> 8) & 255;
    const layer = { inputs, hidden, heads, ring, feedForward: variant >> 16 };
    return { core: [], transformer: randomTransformer(random, layer, extreme) };
  }
  const shift = 40 + random.below(4);
  const core = Array.from({ length: coreMatrices(architecture) }, (_, i) => {
    const columns = coreMatrixColumns(architecture, i, inputs, hidden, variant);
    const rows = coreMatrixRows(architecture, i, hidden);
    return randomMatrix(random, rows, columns, shift, extreme);
  });
  return { core };
}

function randomOutputs(random: Prng, architecture: Architecture, inputs: number, outputs: number) {
  const kinds = Int32Array.from({ length: outputs }, () => random.below(OUTPUT_KINDS));
  const of = (kind: OutputKind, value: () => number) =>
    kinds.map((own) => (own === kind ? value() : 0));
  const zeros = of(OutputKind.Logit, () => random.below(40000) - 30000);
  return {
    outputFeatures: kinds.map(() => random.below(inputs)),
    outputKinds: kinds,
    outputCarries: kinds.map((kind) =>
      kind === OutputKind.Logit || architecture === Architecture.Linear ? 0 : random.below(2),
    ),
    outputLevels: of(OutputKind.Quantile, () => 1 + random.below(LEVEL_MAX_Q15)),
    outputZeros: zeros,
    outputOnes: kinds.map((kind, i) =>
      kind === OutputKind.Logit ? zeros[i]! + 1 + random.below(32767 - zeros[i]!) : 0,
    ),
  };
}

export function randomArtifact(random: Prng, shape: RandomShape): ScorerArtifact {
  const { hidden, architecture = Architecture.Lstm, extreme = false } = shape;
  const inputs = shape.inputs ?? FEATURES;
  const outputs = shape.outputs ?? 1 + random.below(inputs);
  const variant = shape.variant ?? randomVariant(random, shape, inputs);
  const linear = architecture === Architecture.Linear;
  let inputShift = linear ? 0 : random.below(4);
  while ((inputs << inputShift) + hidden > ACCUMULATOR_COLUMNS_MAX) inputShift--;
  const knots = 2 + random.below(15);
  let surprise = random.below(100);
  const each = (value: () => number) => Int32Array.from({ length: outputs }, value);
  const multiplier = () => (extreme ? RESIDUAL_MULTIPLIER_MAX : 1 + random.below(2000));
  const caps = RESIDUAL_CAP_MAX_Q8 - RESIDUAL_CAP_MIN_Q8 + 1;
  const columns = predictorInputs(architecture, inputs) + hidden;
  const artifact = {
    name: "random",
    modelVersion: 1 + random.below(1000),
    featureSchema: FEATURE_SCHEMA,
    architecture,
    variant,
    inputs,
    hidden,
    outputs,
    inputShift,
    warmUpSteps: random.below(10),
    smoothingShift: random.below(SMOOTHING_SHIFT_MAX + 1),
    driftShift: random.below(DRIFT_SHIFT_MAX + 1),
    scaleShift: random.below(SCALE_SHIFT_MAX + 1),
    residualCapQ8: extreme ? RESIDUAL_CAP_MAX_Q8 : RESIDUAL_CAP_MIN_Q8 + random.below(caps),
    thresholdEvidence: 1 + random.below(EVIDENCE_MAX),
    trainingSeed: random.u32(),
    trainingSteps: 0,
    featureOffsets: Float32Array.from({ length: inputs }, () => random.normal() * 4),
    featureScales: Float32Array.from({ length: inputs }, () => 100 + 8000 * random.uniform()),
    ...randomOutputs(random, architecture, inputs, outputs),
    residualMultipliers: each(multiplier),
    driftMultipliers: each(multiplier),
    scaleFloors: each(() => (extreme ? 1 : 1 + random.below(2000))),
    quantiles: Array.from({ length: knots }, (_, i) => {
      surprise += 1 + random.below(200_000);
      return { surprise, evidence: Math.floor((EVIDENCE_MAX * i) / (knots - 1)) };
    }),
    ...randomCore(random, shape, inputs, variant),
    predictor: randomMatrix(random, outputs, columns, 40 + random.below(4), extreme),
  };
  return withSelfTest(
    artifact,
    Array.from({ length: 4 + random.below(12) }, () => randomInput(random, inputs)),
  );
}
