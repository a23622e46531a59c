// Writes and reads the model file. The places come from contract/artifact-layout.ts; the filter maps
// the same bytes. Reading checks as the filter does, but says which field is wrong.

import {
  ARTIFACT_AT_ARCHITECTURE,
  ARTIFACT_AT_CORE_SHIFT,
  ARTIFACT_AT_DRIFT_SHIFT,
  ARTIFACT_AT_FEATURE_SCHEMA,
  ARTIFACT_AT_FORMAT,
  ARTIFACT_AT_HIDDEN,
  ARTIFACT_AT_INPUTS,
  ARTIFACT_AT_INPUT_SHIFT,
  ARTIFACT_AT_KIND,
  ARTIFACT_AT_MAGIC,
  ARTIFACT_AT_MODEL_VERSION,
  ARTIFACT_AT_NAME,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_OUTPUT_SHIFT,
  ARTIFACT_AT_QUANTILE_KNOTS,
  ARTIFACT_AT_RESIDUAL_CAP,
  ARTIFACT_AT_SCALE_SHIFT,
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_SMOOTHING_SHIFT,
  ARTIFACT_AT_THRESHOLD_EVIDENCE,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_AT_TRAINING_SEED,
  ARTIFACT_AT_TRAINING_STEPS,
  ARTIFACT_AT_VARIANT,
  ARTIFACT_AT_WARM_UP_STEPS,
  ARTIFACT_FORMAT,
  ARTIFACT_HEADER_BYTES,
  ARTIFACT_MAGIC,
  ARTIFACT_NAME_BYTES,
  Architecture,
  ArtifactKind,
  artifactBytes,
  coreMatrices,
  coreMatrixColumns,
  coreMatrixRows,
  coreOffset,
  matrixBytes,
  outputsOffset,
  paddedRows,
  predictorInputs,
  predictorOffset,
  quantilesOffset,
  selfTestOffset,
  selfTestRecordBytes,
  weightOffset,
} from "../contract";
import { type ArtifactLimits, checkArtifact } from "./artifact-check";
import { decodeTransformer, encodeTransformer } from "./quantised-transformer";
import type { QuantisedMatrix, ScorerArtifact, ScorerHeader } from "./scorer-artifact";

/** Header fields that are a plain number of the artifact, in file order. */
const NUMBERS: readonly (readonly [number, Exclude<keyof ScorerHeader, "name">])[] = [
  [ARTIFACT_AT_ARCHITECTURE, "architecture"],
  [ARTIFACT_AT_MODEL_VERSION, "modelVersion"],
  [ARTIFACT_AT_FEATURE_SCHEMA, "featureSchema"],
  [ARTIFACT_AT_INPUTS, "inputs"],
  [ARTIFACT_AT_HIDDEN, "hidden"],
  [ARTIFACT_AT_OUTPUTS, "outputs"],
  [ARTIFACT_AT_INPUT_SHIFT, "inputShift"],
  [ARTIFACT_AT_WARM_UP_STEPS, "warmUpSteps"],
  [ARTIFACT_AT_SMOOTHING_SHIFT, "smoothingShift"],
  [ARTIFACT_AT_THRESHOLD_EVIDENCE, "thresholdEvidence"],
  [ARTIFACT_AT_TRAINING_SEED, "trainingSeed"],
  [ARTIFACT_AT_TRAINING_STEPS, "trainingSteps"],
  [ARTIFACT_AT_DRIFT_SHIFT, "driftShift"],
  [ARTIFACT_AT_SCALE_SHIFT, "scaleShift"],
  [ARTIFACT_AT_RESIDUAL_CAP, "residualCapQ8"],
  [ARTIFACT_AT_VARIANT, "variant"],
];

/** Columns of the outputs section, in file order. */
const OUTPUT_FIELDS = [
  "outputFeatures",
  "outputKinds",
  "outputCarries",
  "outputLevels",
  "outputZeros",
  "outputOnes",
  "residualMultipliers",
  "driftMultipliers",
  "scaleFloors",
] as const;

type Shape = Pick<ScorerHeader, "architecture" | "inputs" | "hidden" | "outputs" | "variant">;

/** Places of the sections of one shape. */
function places({ architecture, inputs, hidden, outputs, variant }: Shape) {
  return {
    rows: paddedRows(outputs),
    calibration: ARTIFACT_HEADER_BYTES,
    outputs: outputsOffset(inputs),
    quantiles: quantilesOffset(inputs, outputs),
    core: coreOffset(inputs, outputs),
    predictor: predictorOffset(architecture, inputs, hidden, outputs, variant),
    selfTest: selfTestOffset(architecture, inputs, hidden, outputs, variant),
    recordBytes: selfTestRecordBytes(inputs, outputs),
  };
}

/** Rows, columns and place of every matrix of the core. */
function coreShapes(shape: Shape): { rows: number; columns: number; at: number }[] {
  const { architecture, inputs, hidden, outputs, variant } = shape;
  let at = coreOffset(inputs, outputs);
  return Array.from({ length: coreMatrices(architecture) }, (_, i) => {
    const rows = coreMatrixRows(architecture, i, hidden);
    const columns = coreMatrixColumns(architecture, i, inputs, hidden, variant);
    const place = { rows, columns, at };
    at += matrixBytes(rows, columns);
    return place;
  });
}

/** @returns the file's bytes */
export function encodeArtifact(artifact: ScorerArtifact): Uint8Array {
  const { architecture, inputs, hidden, outputs, variant, selfTest } = artifact;
  const bytes = new Uint8Array(
    artifactBytes(architecture, inputs, hidden, outputs, variant, selfTest.length),
  );
  const view = new DataView(bytes.buffer);
  const at = places(artifact);
  const put = (offset: number, value: number) => view.setUint32(offset, value >>> 0, true);
  put(ARTIFACT_AT_MAGIC, ARTIFACT_MAGIC);
  put(ARTIFACT_AT_FORMAT, ARTIFACT_FORMAT);
  put(ARTIFACT_AT_KIND, ArtifactKind.Scorer);
  put(ARTIFACT_AT_TOTAL_BYTES, bytes.length);
  for (const [offset, field] of NUMBERS) put(offset, artifact[field]);
  put(ARTIFACT_AT_QUANTILE_KNOTS, artifact.quantiles.length);
  put(ARTIFACT_AT_SELF_TEST_STEPS, selfTest.length);
  put(ARTIFACT_AT_CORE_SHIFT, artifact.core[0]?.shift ?? 0);
  put(ARTIFACT_AT_OUTPUT_SHIFT, artifact.predictor.shift);
  bytes.set(
    new TextEncoder().encode(artifact.name).subarray(0, ARTIFACT_NAME_BYTES),
    ARTIFACT_AT_NAME,
  );
  artifact.featureOffsets.forEach((v, i) => view.setFloat32(at.calibration + 4 * i, v, true));
  artifact.featureScales.forEach((v, i) =>
    view.setFloat32(at.calibration + 4 * (inputs + i), v, true),
  );
  OUTPUT_FIELDS.forEach((field, column) => {
    artifact[field].forEach((v, i) => put(at.outputs + 4 * (column * at.rows + i), v));
  });
  artifact.quantiles.forEach((knot, i) => {
    put(at.quantiles + 8 * i, knot.surprise);
    put(at.quantiles + 8 * i + 4, knot.evidence);
  });
  coreShapes(artifact).forEach((place, i) => putMatrix(view, place.at, artifact.core[i]!));
  if (artifact.transformer) bytes.set(encodeTransformer(artifact.transformer), at.core);
  putMatrix(view, at.predictor, artifact.predictor);
  selfTest.forEach((step, i) => {
    const record = at.selfTest + i * at.recordBytes;
    step.input.forEach((v, k) => view.setInt16(record + 2 * k, v, true));
    step.prediction.forEach((v, k) => view.setInt16(record + 2 * (inputs + k), v, true));
    put(record + 2 * (inputs + at.rows), step.surprise);
    put(record + 2 * (inputs + at.rows) + 4, step.evidence);
  });
  return bytes;
}

/** Padding rows remain zero. */
function putMatrix(view: DataView, offset: number, matrix: QuantisedMatrix): void {
  const rows = paddedRows(matrix.rows);
  const multipliers = offset + rows * matrix.columns;
  for (let row = 0; row < matrix.rows; row++) {
    for (let column = 0; column < matrix.columns; column++) {
      const weight = matrix.weights[row * matrix.columns + column]!;
      view.setInt8(offset + weightOffset(row, column, matrix.columns), weight);
    }
    view.setInt32(multipliers + 4 * row, matrix.multipliers[row]!, true);
    view.setInt32(multipliers + 4 * (rows + row), matrix.biases[row]!, true);
  }
}

/**
 * Reads an artifact.
 * @param limits of what is taken; by default those of the filter
 * @throws GanglionError E_ARTIFACT_... naming the field, its value and the bound
 */
export function decodeArtifact(bytes: Uint8Array, limits: ArtifactLimits = {}): ScorerArtifact {
  checkArtifact(bytes, limits);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const get = (offset: number) => view.getUint32(offset, true);
  const header = Object.fromEntries(NUMBERS.map(([offset, field]) => [field, get(offset)]));
  const shape = header as unknown as ScorerHeader;
  const { architecture, inputs, hidden, outputs } = shape;
  const at = places(shape);
  const column = (index: number) =>
    Int32Array.from({ length: outputs }, (_, i) =>
      view.getInt32(at.outputs + 4 * (index * at.rows + i), true),
    );
  const floats = (offset: number) =>
    Float32Array.from({ length: inputs }, (_, i) => view.getFloat32(offset + 4 * i, true));
  const name = bytes.subarray(ARTIFACT_AT_NAME, ARTIFACT_AT_NAME + ARTIFACT_NAME_BYTES);
  const table = Object.fromEntries(OUTPUT_FIELDS.map((field, i) => [field, column(i)]));
  const predictorColumns = predictorInputs(architecture, inputs) + hidden;
  return {
    ...shape,
    ...(table as Pick<ScorerArtifact, (typeof OUTPUT_FIELDS)[number]>),
    name: new TextDecoder().decode(name).replace(/\0+$/, ""),
    featureOffsets: floats(at.calibration),
    featureScales: floats(at.calibration + 4 * inputs),
    quantiles: Array.from({ length: get(ARTIFACT_AT_QUANTILE_KNOTS) }, (_, i) => ({
      surprise: get(at.quantiles + 8 * i),
      evidence: get(at.quantiles + 8 * i + 4),
    })),
    core: coreShapes(shape).map((place) => ({
      ...takeMatrix(view, place.at, place.rows, place.columns),
      shift: get(ARTIFACT_AT_CORE_SHIFT),
    })),
    ...(architecture === Architecture.Transformer && {
      transformer: decodeTransformer(bytes.subarray(at.core), inputs, hidden),
    }),
    predictor: {
      ...takeMatrix(view, at.predictor, outputs, predictorColumns),
      shift: get(ARTIFACT_AT_OUTPUT_SHIFT),
    },
    selfTest: takeSelfTest(view, shape),
  };
}

function takeSelfTest(view: DataView, shape: Shape): ScorerArtifact["selfTest"] {
  const at = places(shape);
  const { inputs } = shape;
  const shorts = (offset: number, length: number) =>
    Int16Array.from({ length }, (_, i) => view.getInt16(offset + 2 * i, true));
  const steps = view.getInt32(ARTIFACT_AT_SELF_TEST_STEPS, true);
  return Array.from({ length: steps }, (_, i) => {
    const record = at.selfTest + i * at.recordBytes;
    const results = record + 2 * (inputs + at.rows);
    return {
      input: shorts(record, inputs),
      prediction: shorts(record + 2 * inputs, at.rows),
      surprise: view.getInt32(results, true),
      evidence: view.getInt32(results + 4, true),
    };
  });
}

function takeMatrix(
  view: DataView,
  offset: number,
  rows: number,
  columns: number,
): Omit<QuantisedMatrix, "shift"> {
  const weights = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      weights[row * columns + column] = view.getInt8(offset + weightOffset(row, column, columns));
    }
  }
  const multipliers = offset + paddedRows(rows) * columns;
  const ints = (from: number) =>
    Int32Array.from({ length: rows }, (_, i) => view.getInt32(from + 4 * i, true));
  return {
    rows,
    columns,
    weights,
    multipliers: ints(multipliers),
    biases: ints(multipliers + 4 * paddedRows(rows)),
  };
}
