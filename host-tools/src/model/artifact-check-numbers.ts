// The second half of the artifact's checks: the numbers of a file whose shape holds and whose
// sections are all there, in the filter's order.

import {
  ACCUMULATOR_COLUMNS_MAX,
  ARTIFACT_AT_CORE_SHIFT,
  ARTIFACT_AT_DRIFT_SHIFT,
  ARTIFACT_AT_INPUT_SHIFT,
  ARTIFACT_AT_NAME,
  ARTIFACT_AT_OUTPUT_SHIFT,
  ARTIFACT_AT_QUANTILE_KNOTS,
  ARTIFACT_AT_RESERVED_HIGH,
  ARTIFACT_AT_RESIDUAL_CAP,
  ARTIFACT_AT_SCALE_SHIFT,
  ARTIFACT_AT_SMOOTHING_SHIFT,
  ARTIFACT_AT_THRESHOLD_EVIDENCE,
  ARTIFACT_AT_WARM_UP_STEPS,
  ARTIFACT_HEADER_BYTES,
  Architecture,
  ArtifactStatus,
  BIAS_MAX,
  DRIFT_SHIFT_MAX,
  EVIDENCE_MAX,
  INPUT_SHIFT_MAX,
  LEVEL_MAX_Q15,
  LEVEL_MIN_Q15,
  OUTPUT_KINDS,
  OutputKind,
  QUANTILE_KNOTS_MAX,
  QUANTILE_KNOTS_MIN,
  REQUANTISE_SHIFT_MAX,
  REQUANTISE_SHIFT_MIN,
  RESIDUAL_CAP_MAX_Q8,
  RESIDUAL_CAP_MIN_Q8,
  RESIDUAL_MULTIPLIER_MAX,
  SCALE_FLOOR_MAX,
  SCALE_SHIFT_MAX,
  SMOOTHING_SHIFT_MAX,
  SURPRISE_MAX,
  WARM_UP_STEPS_MAX,
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
} from "../contract";
import { type ArtifactChecker, artifactRefusal } from "./artifact-checker";
import { checkTransformerSection } from "./artifact-check-transformer";

/** A shape within its bounds. */
export interface CheckedShape {
  readonly architecture: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly variant: number;
  readonly selfTestSteps: number;
}

interface MatrixPlace {
  readonly name: string;
  readonly at: number;
  readonly rows: number;
  readonly columns: number;
}

/** @throws GanglionError E_ARTIFACT_... at the first number out of bounds */
export function checkNumbers(check: ArtifactChecker, shape: CheckedShape): void {
  checkHeader(check, shape);
  checkCalibration(check, shape.inputs);
  for (let i = 0; i < paddedRows(shape.outputs); i++) checkOutput(check, shape, i);
  checkQuantiles(check, shape);
  const matrices = matrixPlaces(shape);
  if (shape.architecture === Architecture.Transformer) {
    const section = coreOffset(shape.inputs, shape.outputs);
    checkTransformerSection(check, section, shape.inputs, shape.hidden);
  }
  for (const matrix of matrices) checkRows(check, matrix);
  checkPadding(check, shape, matrices);
}

/** Every matrix of the core, then the predictor. */
function matrixPlaces(shape: CheckedShape): MatrixPlace[] {
  const { architecture, inputs, hidden, outputs, variant } = shape;
  const places: MatrixPlace[] = [];
  let at = coreOffset(inputs, outputs);
  for (let i = 0; i < coreMatrices(architecture); i++) {
    const rows = coreMatrixRows(architecture, i, hidden);
    const columns = coreMatrixColumns(architecture, i, inputs, hidden, variant);
    places.push({ name: `core matrix ${i}`, at, rows, columns });
    at += matrixBytes(rows, columns);
  }
  places.push({
    name: "predictor",
    at: predictorOffset(architecture, inputs, hidden, outputs, variant),
    rows: outputs,
    columns: predictorInputs(architecture, inputs) + hidden,
  });
  return places;
}

function checkHeader(check: ArtifactChecker, shape: CheckedShape): void {
  checkColumns(check, shape);
  const transformer = shape.architecture === Architecture.Transformer;
  const shifts = [REQUANTISE_SHIFT_MIN, REQUANTISE_SHIFT_MAX] as const;
  const bounds: [string, number, number, number][] = [
    ["warm-up steps", ARTIFACT_AT_WARM_UP_STEPS, 0, WARM_UP_STEPS_MAX],
    ["smoothing shift", ARTIFACT_AT_SMOOTHING_SHIFT, 0, SMOOTHING_SHIFT_MAX],
    ["drift shift", ARTIFACT_AT_DRIFT_SHIFT, 0, DRIFT_SHIFT_MAX],
    ["scale shift", ARTIFACT_AT_SCALE_SHIFT, 0, SCALE_SHIFT_MAX],
    ["residual cap", ARTIFACT_AT_RESIDUAL_CAP, RESIDUAL_CAP_MIN_Q8, RESIDUAL_CAP_MAX_Q8],
    ["threshold evidence", ARTIFACT_AT_THRESHOLD_EVIDENCE, 1, EVIDENCE_MAX],
    ["quantile knots", ARTIFACT_AT_QUANTILE_KNOTS, QUANTILE_KNOTS_MIN, QUANTILE_KNOTS_MAX],
    ["core shift", ARTIFACT_AT_CORE_SHIFT, ...(transformer ? ([0, 0] as const) : shifts)],
    ["output shift", ARTIFACT_AT_OUTPUT_SHIFT, ...shifts],
  ];
  for (const [field, at, low, high] of bounds) {
    check.number(ArtifactStatus.BadHeader, field, at, low, high);
  }
  let ended = false;
  for (let at = ARTIFACT_AT_NAME; at < ARTIFACT_AT_RESERVED_HIGH; at++) {
    const byte = check.view.getUint8(at);
    if (byte === 0) ended = true;
    else if (ended || byte < 0x21 || byte > 0x7e) {
      const problem = `name has byte ${byte}, must be printable ASCII`;
      throw artifactRefusal(ArtifactStatus.BadHeader, problem);
    }
  }
}

/** No accumulator overflows. */
function checkColumns(check: ArtifactChecker, shape: CheckedShape): void {
  const bad = ArtifactStatus.BadHeader;
  const linear = shape.architecture === Architecture.Linear;
  const most = linear ? 0 : INPUT_SHIFT_MAX;
  const inputShift = check.number(bad, "input shift", ARTIFACT_AT_INPUT_SHIFT, 0, most);
  const columns = linear
    ? shape.variant * shape.inputs
    : (shape.inputs << inputShift) + shape.hidden;
  if (columns <= ACCUMULATOR_COLUMNS_MAX) return;
  const sum = linear ? "window * inputs" : "(inputs << input shift) + hidden";
  throw artifactRefusal(bad, `${sum} is ${columns}, at most ${ACCUMULATOR_COLUMNS_MAX}`);
}

function checkCalibration(check: ArtifactChecker, inputs: number): void {
  const bad = ArtifactStatus.BadCalibration;
  for (let i = 0; i < inputs; i++) {
    const offset = check.view.getFloat32(ARTIFACT_HEADER_BYTES + 4 * i, true);
    if (!Number.isFinite(offset)) {
      throw artifactRefusal(bad, `offset ${i} is ${offset}, must be finite`);
    }
    const scale = check.view.getFloat32(ARTIFACT_HEADER_BYTES + 4 * (inputs + i), true);
    if (!(scale >= 1.1754943508222875e-38 && Number.isFinite(scale))) {
      const problem = `scale ${i} is ${scale}, must be a finite normal number above 0`;
      throw artifactRefusal(bad, problem);
    }
  }
}

/** @param i index of an output, or of a row of padding behind them, which is all zero */
function checkOutput(check: ArtifactChecker, shape: CheckedShape, i: number): void {
  const bad = ArtifactStatus.BadOutputs;
  const stride = 4 * paddedRows(shape.outputs);
  const used = i < shape.outputs ? 1 : 0;
  const number = (field: string, column: number, low: number, high: number) => {
    const at = outputsOffset(shape.inputs) + column * stride + 4 * i;
    return check.number(bad, `${field} of output ${i}`, at, used * low, used * high);
  };
  number("feature", 0, 0, shape.inputs - 1);
  const kind = number("kind", 1, 0, OUTPUT_KINDS - 1);
  const logit = kind === OutputKind.Logit;
  const mayCarry = !logit && shape.architecture !== Architecture.Linear;
  number("carry", 2, 0, mayCarry ? 1 : 0);
  const quantile = kind === OutputKind.Quantile;
  number("level", 3, quantile ? LEVEL_MIN_Q15 : 0, quantile ? LEVEL_MAX_Q15 : 0);
  const zero = number("zero", 4, logit ? -32768 : 0, logit ? 32766 : 0);
  number("one", 5, logit ? zero + 1 : 0, logit ? 32767 : 0);
  number("residual multiplier", 6, 1, RESIDUAL_MULTIPLIER_MAX);
  number("drift multiplier", 7, 1, RESIDUAL_MULTIPLIER_MAX);
  number("scale floor", 8, 1, SCALE_FLOOR_MAX);
}

function checkQuantiles(check: ArtifactChecker, { inputs, outputs }: CheckedShape): void {
  const at = quantilesOffset(inputs, outputs);
  const knots = check.view.getInt32(ARTIFACT_AT_QUANTILE_KNOTS, true);
  const bad = ArtifactStatus.BadQuantiles;
  let surprise = -1;
  let evidence = 0;
  for (let i = 0; i < QUANTILE_KNOTS_MAX; i++) {
    const place = at + 8 * i;
    if (i >= knots) {
      check.zeros(bad, `unused knot ${i}`, place, place + 8);
      continue;
    }
    surprise = check.number(bad, `surprise of knot ${i}`, place, surprise + 1, SURPRISE_MAX);
    evidence = check.number(bad, `evidence of knot ${i}`, place + 4, evidence, EVIDENCE_MAX);
  }
}

function checkRows(check: ArtifactChecker, { name, at, rows, columns }: MatrixPlace): void {
  const bad = ArtifactStatus.BadWeights;
  const count = paddedRows(rows);
  const multipliers = at + count * columns;
  for (let row = 0; row < count; row++) {
    const place = multipliers + 4 * row;
    check.number(bad, `multiplier of ${name} row ${row}`, place, 0, 0x7fffffff);
    check.number(bad, `bias of ${name} row ${row}`, place + 4 * count, -BIAS_MAX, BIAS_MAX);
  }
}

function checkPadding(
  check: ArtifactChecker,
  shape: CheckedShape,
  matrices: readonly MatrixPlace[],
): void {
  const bad = ArtifactStatus.BadPadding;
  check.zeros(bad, "header", ARTIFACT_AT_RESERVED_HIGH, ARTIFACT_HEADER_BYTES);
  for (const { name, at, rows, columns } of matrices) {
    const count = paddedRows(rows);
    for (const column of [at + count * columns, at + count * (columns + 4)]) {
      check.zeros(bad, `padding row of ${name}`, column + 4 * rows, column + 4 * count);
    }
  }
  const { architecture, inputs, hidden, outputs, variant } = shape;
  const records = selfTestOffset(architecture, inputs, hidden, outputs, variant);
  for (let step = 1; step <= shape.selfTestSteps; step++) {
    const end = records + step * selfTestRecordBytes(inputs, outputs);
    check.zeros(bad, "self-test record", end - 8, end);
  }
}
