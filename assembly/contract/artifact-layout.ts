// Where the sections of a scorer artifact stand, from its shape alone. The layout is drawn at the
// head of artifact.ts.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

import { ARTIFACT_HEADER_BYTES, Architecture, QUANTILE_KNOTS_MAX } from "./artifact";
import { transformerSectionBytes } from "./transformer-sections";

/** i32 columns of the outputs section. */
export const OUTPUT_COLUMNS: i32 = 9;

/** Rows rounded up to whole row blocks. */
export function paddedRows(rows: i32): i32 {
  return (rows + 15) & ~15;
}

/** @returns bytes of a matrix with its multipliers and biases */
export function matrixBytes(rows: i32, columns: i32): i32 {
  return paddedRows(rows) * (columns + 8);
}

/** Heads in a Transformer's variant. */
export function variantHeads(variant: i32): i32 {
  return variant & 255;
}

/** Ring in a Transformer's variant. */
export function variantRing(variant: i32): i32 {
  return (variant >> 8) & 255;
}

/** Feed-forward width in a Transformer's variant. */
export function variantFeedForward(variant: i32): i32 {
  return variant >> 16;
}

/** @returns matrices of the architecture's core; 0 where the core is a section of its own */
export function coreMatrices(architecture: i32): i32 {
  if (architecture == Architecture.Gru) return 3;
  return architecture == Architecture.Transformer ? 0 : 1;
}

/** @returns rows of a matrix of the core, unpadded */
export function coreMatrixRows(architecture: i32, index: i32, hidden: i32): i32 {
  if (architecture == Architecture.Lstm) return 4 * hidden;
  return architecture == Architecture.Gru && index == 0 ? 2 * hidden : hidden;
}

/** @returns columns of a matrix of the core */
export function coreMatrixColumns(
  architecture: i32,
  index: i32,
  inputs: i32,
  hidden: i32,
  variant: i32,
): i32 {
  if (architecture == Architecture.Linear) return variant * inputs;
  if (index == 0) return inputs + hidden;
  return index == 1 ? inputs : hidden;
}

/** @returns bytes of the core */
export function coreBytes(architecture: i32, inputs: i32, hidden: i32, variant: i32): i32 {
  if (architecture == Architecture.Transformer) {
    const heads = variantHeads(variant);
    const feedForward = variantFeedForward(variant);
    return transformerSectionBytes(inputs, hidden, heads, variantRing(variant), feedForward);
  }
  let bytes = 0;
  for (let i = 0; i < coreMatrices(architecture); i++) {
    const rows = coreMatrixRows(architecture, i, hidden);
    bytes += matrixBytes(rows, coreMatrixColumns(architecture, i, inputs, hidden, variant));
  }
  return bytes;
}

/** @returns columns of the predictor that belong to the inputs */
export function predictorInputs(architecture: i32, inputs: i32): i32 {
  return architecture == Architecture.Linear ? 0 : inputs;
}

/** @returns byte offset of the outputs section, which the calibration precedes */
export function outputsOffset(inputs: i32): i32 {
  return ARTIFACT_HEADER_BYTES + 8 * inputs;
}

/** @returns byte offset of the quantile table */
export function quantilesOffset(inputs: i32, outputs: i32): i32 {
  return outputsOffset(inputs) + 4 * OUTPUT_COLUMNS * paddedRows(outputs);
}

/** @returns byte offset of the core */
export function coreOffset(inputs: i32, outputs: i32): i32 {
  return quantilesOffset(inputs, outputs) + 8 * QUANTILE_KNOTS_MAX;
}

/** @returns byte offset of the predictor's matrix */
export function predictorOffset(
  architecture: i32,
  inputs: i32,
  hidden: i32,
  outputs: i32,
  variant: i32,
): i32 {
  return coreOffset(inputs, outputs) + coreBytes(architecture, inputs, hidden, variant);
}

/** @returns byte offset of the self-test records */
export function selfTestOffset(
  architecture: i32,
  inputs: i32,
  hidden: i32,
  outputs: i32,
  variant: i32,
): i32 {
  const columns = predictorInputs(architecture, inputs) + hidden;
  return (
    predictorOffset(architecture, inputs, hidden, outputs, variant) + matrixBytes(outputs, columns)
  );
}

/** @returns bytes of one self-test record */
export function selfTestRecordBytes(inputs: i32, outputs: i32): i32 {
  return 2 * inputs + 2 * paddedRows(outputs) + 16;
}

/** @returns bytes of the whole artifact */
export function artifactBytes(
  architecture: i32,
  inputs: i32,
  hidden: i32,
  outputs: i32,
  variant: i32,
  selfTestSteps: i32,
): i32 {
  return (
    selfTestOffset(architecture, inputs, hidden, outputs, variant) +
    selfTestSteps * selfTestRecordBytes(inputs, outputs)
  );
}

/** @returns byte offset of a weight within its matrix of that many columns */
export function weightOffset(row: i32, column: i32, columns: i32): i32 {
  return (row >> 4) * 16 * columns + (column >> 1) * 32 + (row & 15) * 2 + (column & 1);
}
