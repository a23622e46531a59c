// Writes and reads the model file. The places come from contract/artifact.ts, which draws the
// layout; the filter maps the same bytes. Reading checks as the filter does, but says which field
// is wrong.

import {
  ARTIFACT_AT_ARCHITECTURE,
  ARTIFACT_AT_DRIFT_SHIFT,
  ARTIFACT_AT_FEATURE_SCHEMA,
  ARTIFACT_AT_FORMAT,
  ARTIFACT_AT_GATE_SHIFT,
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
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_SMOOTHING_SHIFT,
  ARTIFACT_AT_THRESHOLD_PERMILLE,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_AT_TRAINING_SEED,
  ARTIFACT_AT_TRAINING_STEPS,
  ARTIFACT_AT_WARM_UP_STEPS,
  ARTIFACT_FORMAT,
  ARTIFACT_HEADER_BYTES,
  ARTIFACT_MAGIC,
  ARTIFACT_NAME_BYTES,
  Architecture,
  ArtifactKind,
  artifactBytes,
  gatesOffset,
  outputsOffset,
  paddedOutputs,
  predictorOffset,
  quantilesOffset,
  selfTestOffset,
  selfTestRecordBytes,
  weightOffset,
} from "../contract";
import { checkArtifact } from "./artifact-check";
import type { QuantisedMatrix, ScorerArtifact } from "./scorer-artifact";

/** Header fields that are a plain number of the artifact, in file order. */
const NUMBERS: readonly (readonly [number, keyof ScorerArtifact])[] = [
  [ARTIFACT_AT_MODEL_VERSION, "modelVersion"],
  [ARTIFACT_AT_FEATURE_SCHEMA, "featureSchema"],
  [ARTIFACT_AT_INPUTS, "inputs"],
  [ARTIFACT_AT_HIDDEN, "hidden"],
  [ARTIFACT_AT_OUTPUTS, "outputs"],
  [ARTIFACT_AT_INPUT_SHIFT, "inputShift"],
  [ARTIFACT_AT_WARM_UP_STEPS, "warmUpSteps"],
  [ARTIFACT_AT_SMOOTHING_SHIFT, "smoothingShift"],
  [ARTIFACT_AT_THRESHOLD_PERMILLE, "thresholdPermille"],
  [ARTIFACT_AT_TRAINING_SEED, "trainingSeed"],
  [ARTIFACT_AT_TRAINING_STEPS, "trainingSteps"],
  [ARTIFACT_AT_DRIFT_SHIFT, "driftShift"],
];

/** Places of the sections of one shape. */
function places(a: Pick<ScorerArtifact, "inputs" | "hidden" | "outputs">) {
  const { inputs, hidden, outputs } = a;
  const gates = gatesOffset(inputs, outputs);
  const predictor = predictorOffset(inputs, hidden, outputs);
  return {
    rows: paddedOutputs(outputs),
    calibration: ARTIFACT_HEADER_BYTES,
    outputs: outputsOffset(inputs),
    quantiles: quantilesOffset(inputs, outputs),
    gates,
    predictor,
    selfTest: selfTestOffset(inputs, hidden, outputs),
    recordBytes: selfTestRecordBytes(inputs, outputs),
  };
}

/** @returns the file's bytes */
export function encodeArtifact(artifact: ScorerArtifact): Uint8Array {
  const { inputs, hidden, outputs, selfTest } = artifact;
  const bytes = new Uint8Array(artifactBytes(inputs, hidden, outputs, selfTest.length));
  const view = new DataView(bytes.buffer);
  const at = places(artifact);
  const put = (offset: number, value: number) => view.setUint32(offset, value >>> 0, true);
  put(ARTIFACT_AT_MAGIC, ARTIFACT_MAGIC);
  put(ARTIFACT_AT_FORMAT, ARTIFACT_FORMAT);
  put(ARTIFACT_AT_KIND, ArtifactKind.Scorer);
  put(ARTIFACT_AT_ARCHITECTURE, Architecture.Lstm);
  put(ARTIFACT_AT_TOTAL_BYTES, bytes.length);
  for (const [offset, field] of NUMBERS) put(offset, artifact[field] as number);
  put(ARTIFACT_AT_QUANTILE_KNOTS, artifact.quantiles.length);
  put(ARTIFACT_AT_SELF_TEST_STEPS, selfTest.length);
  put(ARTIFACT_AT_GATE_SHIFT, artifact.gates.shift);
  put(ARTIFACT_AT_OUTPUT_SHIFT, artifact.predictor.shift);
  bytes.set(
    new TextEncoder().encode(artifact.name).subarray(0, ARTIFACT_NAME_BYTES),
    ARTIFACT_AT_NAME,
  );

  artifact.featureOffsets.forEach((v, i) => view.setFloat32(at.calibration + 4 * i, v, true));
  artifact.featureScales.forEach((v, i) =>
    view.setFloat32(at.calibration + 4 * (inputs + i), v, true),
  );
  artifact.outputFeatures.forEach((v, i) => put(at.outputs + 4 * i, v));
  artifact.outputCarries.forEach((v, i) => put(at.outputs + 4 * (at.rows + i), v));
  artifact.residualMultipliers.forEach((v, i) => put(at.outputs + 4 * (2 * at.rows + i), v));
  artifact.driftMultipliers.forEach((v, i) => put(at.outputs + 4 * (3 * at.rows + i), v));
  artifact.scaleFloors.forEach((v, i) => put(at.outputs + 4 * (4 * at.rows + i), v));
  artifact.quantiles.forEach((knot, i) => {
    put(at.quantiles + 8 * i, knot.surprise);
    put(at.quantiles + 8 * i + 4, knot.permille);
  });
  putMatrix(view, at.gates, 4 * hidden, artifact.gates);
  putMatrix(view, at.predictor, at.rows, artifact.predictor);
  selfTest.forEach((step, i) => {
    const record = at.selfTest + i * at.recordBytes;
    step.input.forEach((v, k) => view.setInt16(record + 2 * k, v, true));
    step.prediction.forEach((v, k) => view.setInt16(record + 2 * (inputs + k), v, true));
    put(record + 2 * (inputs + at.rows), step.surprise);
    put(record + 2 * (inputs + at.rows) + 4, step.permille);
  });
  return bytes;
}

/** @param rows rows in the file, at least the matrix's own; the rest remains zero */
function putMatrix(view: DataView, offset: number, rows: number, matrix: QuantisedMatrix): void {
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
 * @throws GanglionError E_ARTIFACT_... naming the field, its value and the bound
 */
export function decodeArtifact(bytes: Uint8Array): ScorerArtifact {
  checkArtifact(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const get = (offset: number) => view.getUint32(offset, true);
  const numbers = Object.fromEntries(NUMBERS.map(([offset, field]) => [field, get(offset)]));
  const shape = numbers as unknown as Pick<ScorerArtifact, "inputs" | "hidden" | "outputs">;
  const { inputs, hidden, outputs } = shape;
  const at = places(shape);
  const ints = (offset: number, length: number) =>
    Int32Array.from({ length }, (_, i) => view.getInt32(offset + 4 * i, true));
  const shorts = (offset: number, length: number) =>
    Int16Array.from({ length }, (_, i) => view.getInt16(offset + 2 * i, true));
  const floats = (offset: number) =>
    Float32Array.from({ length: inputs }, (_, i) => view.getFloat32(offset + 4 * i, true));
  const name = bytes.subarray(ARTIFACT_AT_NAME, ARTIFACT_AT_NAME + ARTIFACT_NAME_BYTES);
  return {
    ...(numbers as unknown as ScorerArtifact),
    name: new TextDecoder().decode(name).replace(/\0+$/, ""),
    featureOffsets: floats(at.calibration),
    featureScales: floats(at.calibration + 4 * inputs),
    outputFeatures: ints(at.outputs, outputs),
    outputCarries: ints(at.outputs + 4 * at.rows, outputs),
    residualMultipliers: ints(at.outputs + 8 * at.rows, outputs),
    driftMultipliers: ints(at.outputs + 12 * at.rows, outputs),
    scaleFloors: ints(at.outputs + 16 * at.rows, outputs),
    quantiles: Array.from({ length: get(ARTIFACT_AT_QUANTILE_KNOTS) }, (_, i) => ({
      surprise: get(at.quantiles + 8 * i),
      permille: get(at.quantiles + 8 * i + 4),
    })),
    gates: {
      ...takeMatrix(view, at.gates, 4 * hidden, 4 * hidden, inputs + hidden),
      shift: get(ARTIFACT_AT_GATE_SHIFT),
    },
    predictor: {
      ...takeMatrix(view, at.predictor, outputs, at.rows, hidden),
      shift: get(ARTIFACT_AT_OUTPUT_SHIFT),
    },
    selfTest: Array.from({ length: get(ARTIFACT_AT_SELF_TEST_STEPS) }, (_, i) => {
      const record = at.selfTest + i * at.recordBytes;
      return {
        input: shorts(record, inputs),
        prediction: shorts(record + 2 * inputs, at.rows),
        surprise: get(record + 2 * (inputs + at.rows)),
        permille: get(record + 2 * (inputs + at.rows) + 4),
      };
    }),
  };
}

function takeMatrix(
  view: DataView,
  offset: number,
  rows: number,
  fileRows: number,
  columns: number,
): Omit<QuantisedMatrix, "shift"> {
  const weights = new Int8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      weights[row * columns + column] = view.getInt8(offset + weightOffset(row, column, columns));
    }
  }
  const multipliers = offset + fileRows * columns;
  const ints = (from: number) =>
    Int32Array.from({ length: rows }, (_, i) => view.getInt32(from + 4 * i, true));
  return {
    rows,
    columns,
    weights,
    multipliers: ints(multipliers),
    biases: ints(multipliers + 4 * fileRows),
  };
}
