// Random artifacts for tests of the kernels: any shape, any numbers that the format allows, not
// only those a trainer would make.

import {
  ACCUMULATOR_COLUMNS_MAX,
  BIAS_MAX,
  FEATURES,
  FEATURE_SCHEMA,
  RESIDUAL_MULTIPLIER_MAX,
} from "../../../host-tools/src/contract";
import type { Prng } from "../../../host-tools/src/lib/prng";
import { withSelfTest } from "../../../host-tools/src/model/quantiser";
import type {
  QuantisedMatrix,
  ScorerArtifact,
} from "../../../host-tools/src/model/scorer-artifact";

export interface RandomShape {
  readonly inputs?: number;
  readonly hidden: number;
  readonly outputs?: number;
  /** Weights of -128 and 127 only, largest biases: the accumulator's worst case. */
  readonly extreme?: boolean;
}

function randomMatrix(
  random: Prng,
  rows: number,
  columns: number,
  extreme: boolean,
): QuantisedMatrix {
  // Multipliers that bring a typical sum to the middle of int16, or all they can in the extreme.
  const shift = 40 + random.below(4);
  const typical = (2 ** shift / (64 * 8000 * Math.sqrt(columns) * 8)) * 4096;
  return {
    rows,
    columns,
    shift,
    weights: Int8Array.from({ length: rows * columns }, () =>
      extreme ? (random.below(2) === 0 ? -128 : 127) : random.below(256) - 128,
    ),
    multipliers: Int32Array.from({ length: rows }, () =>
      Math.min(2 ** 31 - 1, Math.round(typical * (0.25 + 2 * random.uniform()))),
    ),
    biases: Int32Array.from({ length: rows }, () =>
      extreme
        ? random.below(2) === 0
          ? -BIAS_MAX
          : BIAS_MAX
        : Math.round((2 * random.uniform() - 1) * 2 ** 24),
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

export function randomArtifact(random: Prng, shape: RandomShape): ScorerArtifact {
  const inputs = shape.inputs ?? FEATURES;
  const outputs = shape.outputs ?? 1 + random.below(16);
  const extreme = shape.extreme ?? false;
  let inputShift = random.below(4);
  while ((inputs << inputShift) + shape.hidden > ACCUMULATOR_COLUMNS_MAX) inputShift--;
  const knots = 2 + random.below(15);
  let surprise = random.below(100);
  const artifact = {
    name: "random",
    modelVersion: 1 + random.below(1000),
    featureSchema: FEATURE_SCHEMA,
    inputs,
    hidden: shape.hidden,
    outputs,
    inputShift,
    warmUpSteps: random.below(10),
    smoothingShift: random.below(9),
    driftShift: random.below(9),
    thresholdPermille: 1 + random.below(1000),
    trainingSeed: random.u32(),
    trainingSteps: 0,
    featureOffsets: Float32Array.from({ length: inputs }, () => random.normal() * 4),
    featureScales: Float32Array.from({ length: inputs }, () => 100 + 8000 * random.uniform()),
    outputFeatures: Int32Array.from({ length: outputs }, () => random.below(inputs)),
    outputCarries: Int32Array.from({ length: outputs }, () => random.below(2)),
    residualMultipliers: Int32Array.from({ length: outputs }, () =>
      extreme ? RESIDUAL_MULTIPLIER_MAX : 1 + random.below(2000),
    ),
    driftMultipliers: Int32Array.from({ length: outputs }, () =>
      extreme ? RESIDUAL_MULTIPLIER_MAX : 1 + random.below(2000),
    ),
    scaleFloors: Int32Array.from({ length: outputs }, () => (extreme ? 1 : 1 + random.below(2000))),
    quantiles: Array.from({ length: knots }, (_, i) => {
      surprise += 1 + random.below(200_000);
      return { surprise, permille: Math.floor((1000 * i) / (knots - 1)) };
    }),
    gates: randomMatrix(random, 4 * shape.hidden, inputs + shape.hidden, extreme),
    predictor: randomMatrix(random, outputs, shape.hidden, extreme),
  };
  return withSelfTest(
    artifact,
    Array.from({ length: 4 + random.below(12) }, () => randomInput(random, inputs)),
  );
}
