// Random Transformer layers for tests of the kernels: any numbers that the format allows, not only
// those a trainer would make.

import {
  BIAS_MAX,
  TRANSFORMER_MATRICES,
  TransformerMatrix,
  transformerColumns,
  transformerRows,
} from "../../../host-tools/src/contract";
import type { Prng } from "../../../host-tools/src/lib/prng";
import type {
  QuantisedTransformer,
  TransformerShape,
} from "../../../host-tools/src/model/quantised-transformer";
import type { QuantisedMatrix } from "../../../host-tools/src/model/scorer-artifact";

/** Rough size of each matrix's results, in its own unit: so that typical sums spread over int16. */
const TYPICAL: Readonly<Record<TransformerMatrix, number>> = {
  [TransformerMatrix.Embed]: 3000,
  [TransformerMatrix.Attend]: 80,
  [TransformerMatrix.Merge]: 2000,
  [TransformerMatrix.Expand]: 2500,
  [TransformerMatrix.Contract]: 2000,
};

function randomMatrix(
  random: Prng,
  rows: number,
  columns: number,
  typical: number,
  extreme: boolean,
): QuantisedMatrix {
  const shift = 40 + random.below(4);
  const multiplier = (2 ** shift * typical) / (74 * 6000 * Math.sqrt(columns));
  const either = (low: number, high: number) => (random.below(2) === 0 ? low : high);
  return {
    rows,
    columns,
    shift,
    weights: Int8Array.from({ length: rows * columns }, () =>
      extreme ? either(-128, 127) : random.below(256) - 128,
    ),
    multipliers: Int32Array.from({ length: rows }, () =>
      extreme && random.below(2) === 0
        ? 2 ** 31 - 1
        : Math.min(2 ** 31 - 1, Math.round(multiplier * (0.25 + 2 * random.uniform()))),
    ),
    biases: Int32Array.from({ length: rows }, () =>
      extreme ? either(-BIAS_MAX, BIAS_MAX) : Math.round((2 * random.uniform() - 1) * 2 ** 21),
    ),
  };
}

/** @param extreme weights of -128 and 127 only, largest biases: every accumulator's worst case */
export function randomTransformer(
  random: Prng,
  shape: TransformerShape,
  extreme = false,
): QuantisedTransformer {
  return {
    shape,
    ageBias: Int16Array.from({ length: shape.heads * shape.ring }, () =>
      extreme ? random.below(65536) - 32768 : Math.round(3000 * random.normal()),
    ),
    matrices: Array.from({ length: TRANSFORMER_MATRICES }, (_, matrix) =>
      randomMatrix(
        random,
        transformerRows(matrix, shape.hidden, shape.feedForward),
        transformerColumns(matrix, shape.inputs, shape.hidden, shape.feedForward),
        TYPICAL[matrix as TransformerMatrix],
        extreme,
      ),
    ),
  };
}
