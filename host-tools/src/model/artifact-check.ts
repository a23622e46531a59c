// The filter's checks of an artifact, made again on the host so that a refusal can name the field,
// the value and the bound; the filter itself answers only with a status. The statuses are the same,
// which a test holds over mutated artifacts.

import {
  ACCUMULATOR_COLUMNS_MAX,
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
  ARTIFACT_AT_NAME,
  ARTIFACT_AT_OUTPUTS,
  ARTIFACT_AT_OUTPUT_SHIFT,
  ARTIFACT_AT_QUANTILE_KNOTS,
  ARTIFACT_AT_RESERVED_HIGH,
  ARTIFACT_AT_RESERVED_LOW,
  ARTIFACT_AT_SELF_TEST_STEPS,
  ARTIFACT_AT_SMOOTHING_SHIFT,
  ARTIFACT_AT_THRESHOLD_PERMILLE,
  ARTIFACT_AT_TOTAL_BYTES,
  ARTIFACT_AT_WARM_UP_STEPS,
  ARTIFACT_BYTES_MAX,
  ARTIFACT_FORMAT,
  ARTIFACT_HEADER_BYTES,
  ARTIFACT_MAGIC,
  Architecture,
  ArtifactKind,
  ArtifactStatus,
  BIAS_MAX,
  DRIFT_SHIFT_MAX,
  FEATURES,
  FEATURE_SCHEMA,
  HIDDEN_MAX,
  HIDDEN_MIN,
  INPUT_SHIFT_MAX,
  QUANTILE_KNOTS_MAX,
  QUANTILE_KNOTS_MIN,
  REQUANTISE_SHIFT_MAX,
  REQUANTISE_SHIFT_MIN,
  RESIDUAL_MULTIPLIER_MAX,
  SCALE_FLOOR_MAX,
  SELF_TEST_STEPS_MAX,
  SELF_TEST_STEPS_MIN,
  SMOOTHING_SHIFT_MAX,
  SURPRISE_MAX,
  WARM_UP_STEPS_MAX,
  artifactBytes,
  artifactStatusName,
  gatesOffset,
  outputsOffset,
  paddedOutputs,
  predictorOffset,
  quantilesOffset,
  selfTestOffset,
  selfTestRecordBytes,
} from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";

class Checker {
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The signed number at a place, refused outside of [low, high]. */
  number(status: ArtifactStatus, field: string, at: number, low: number, high: number): number {
    const value = this.view.getInt32(at, true);
    if (value < low || value > high) {
      const bound = low === high ? `${low}` : `${low} to ${high}`;
      throw refusal(status, `${field} is ${value}, must be ${bound}`);
    }
    return value;
  }

  zeros(status: ArtifactStatus, field: string, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const value = this.view.getUint8(at);
      if (value !== 0) throw refusal(status, `${field} has ${value} at byte ${at}, must be zero`);
    }
  }
}

function refusal(status: ArtifactStatus, problem: string): GanglionError {
  const name = artifactStatusName(status);
  return new GanglionError(`E_ARTIFACT_${name.toUpperCase()}`, `artifact ${name}: ${problem}`, {
    exitCode: ExitCode.badInput,
    hint: "Use a file that this version's `ganglion train` wrote, unchanged.",
  });
}

/** @throws GanglionError E_ARTIFACT_... at the first field that the filter would refuse */
export function checkArtifact(bytes: Uint8Array): void {
  if (bytes.length < ARTIFACT_HEADER_BYTES) {
    throw refusal(
      ArtifactStatus.TooShort,
      `${bytes.length} bytes, the header alone has ${ARTIFACT_HEADER_BYTES}`,
    );
  }
  const check = new Checker(bytes);
  const shape = checkShape(check, bytes.length);
  checkHeader(check, shape);
  checkCalibration(check, shape.inputs);
  checkOutputs(check, shape);
  checkQuantiles(check, shape);
  checkRows(check, shape);
  checkPadding(check, shape);
}

interface Shape {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly rows: number;
  readonly selfTestSteps: number;
}

function checkShape(check: Checker, length: number): Shape {
  const S = ArtifactStatus;
  check.number(S.BadMagic, "magic", ARTIFACT_AT_MAGIC, ARTIFACT_MAGIC, ARTIFACT_MAGIC);
  check.number(S.BadFormat, "format version", ARTIFACT_AT_FORMAT, ARTIFACT_FORMAT, ARTIFACT_FORMAT);
  const kind = ArtifactKind.Scorer;
  check.number(S.BadKind, "kind", ARTIFACT_AT_KIND, kind, kind);
  const lstm = Architecture.Lstm;
  check.number(S.BadArchitecture, "architecture", ARTIFACT_AT_ARCHITECTURE, lstm, lstm);
  check.number(
    S.BadFeatureSchema,
    "feature schema",
    ARTIFACT_AT_FEATURE_SCHEMA,
    FEATURE_SCHEMA,
    FEATURE_SCHEMA,
  );
  const inputs = check.number(S.BadShape, "inputs", ARTIFACT_AT_INPUTS, FEATURES, FEATURES);
  const hidden = check.number(S.BadShape, "hidden", ARTIFACT_AT_HIDDEN, HIDDEN_MIN, HIDDEN_MAX);
  if (hidden % 8 !== 0) throw refusal(S.BadShape, `hidden is ${hidden}, must be a multiple of 8`);
  const outputs = check.number(S.BadShape, "outputs", ARTIFACT_AT_OUTPUTS, 1, inputs);
  const selfTestSteps = check.number(
    S.BadShape,
    "self-test steps",
    ARTIFACT_AT_SELF_TEST_STEPS,
    SELF_TEST_STEPS_MIN,
    SELF_TEST_STEPS_MAX,
  );
  const expected = artifactBytes(inputs, hidden, outputs, selfTestSteps);
  if (length !== expected || length > ARTIFACT_BYTES_MAX) {
    throw refusal(
      S.BadLength,
      `${length} bytes, this shape has ${expected} and the most is ${ARTIFACT_BYTES_MAX}`,
    );
  }
  check.number(S.BadLength, "total bytes", ARTIFACT_AT_TOTAL_BYTES, expected, expected);
  return { inputs, hidden, outputs, rows: paddedOutputs(outputs), selfTestSteps };
}

function checkHeader(check: Checker, shape: Shape): void {
  const bounds: [string, number, number, number][] = [
    ["input shift", ARTIFACT_AT_INPUT_SHIFT, 0, INPUT_SHIFT_MAX],
    ["warm-up steps", ARTIFACT_AT_WARM_UP_STEPS, 0, WARM_UP_STEPS_MAX],
    ["smoothing shift", ARTIFACT_AT_SMOOTHING_SHIFT, 0, SMOOTHING_SHIFT_MAX],
    ["drift shift", ARTIFACT_AT_DRIFT_SHIFT, 0, DRIFT_SHIFT_MAX],
    ["threshold permille", ARTIFACT_AT_THRESHOLD_PERMILLE, 1, 1000],
    ["quantile knots", ARTIFACT_AT_QUANTILE_KNOTS, QUANTILE_KNOTS_MIN, QUANTILE_KNOTS_MAX],
    ["gate shift", ARTIFACT_AT_GATE_SHIFT, REQUANTISE_SHIFT_MIN, REQUANTISE_SHIFT_MAX],
    ["output shift", ARTIFACT_AT_OUTPUT_SHIFT, REQUANTISE_SHIFT_MIN, REQUANTISE_SHIFT_MAX],
  ];
  for (const [field, at, low, high] of bounds) {
    check.number(ArtifactStatus.BadHeader, field, at, low, high);
  }
  const inputShift = check.view.getInt32(ARTIFACT_AT_INPUT_SHIFT, true);
  const columns = (shape.inputs << inputShift) + shape.hidden;
  if (columns > ACCUMULATOR_COLUMNS_MAX) {
    throw refusal(
      ArtifactStatus.BadHeader,
      `(inputs << input shift) + hidden is ${columns}, at most ${ACCUMULATOR_COLUMNS_MAX}`,
    );
  }
  let ended = false;
  for (let at = ARTIFACT_AT_NAME; at < ARTIFACT_AT_RESERVED_HIGH; at++) {
    const byte = check.view.getUint8(at);
    if (byte === 0) ended = true;
    else if (ended || byte < 0x21 || byte > 0x7e) {
      throw refusal(ArtifactStatus.BadHeader, `name has byte ${byte}, must be printable ASCII`);
    }
  }
}

function checkCalibration(check: Checker, inputs: number): void {
  for (let i = 0; i < inputs; i++) {
    const offset = check.view.getFloat32(ARTIFACT_HEADER_BYTES + 4 * i, true);
    if (!Number.isFinite(offset)) {
      throw refusal(ArtifactStatus.BadCalibration, `offset ${i} is ${offset}, must be finite`);
    }
    const scale = check.view.getFloat32(ARTIFACT_HEADER_BYTES + 4 * (inputs + i), true);
    if (!(scale >= 1.1754943508222875e-38 && Number.isFinite(scale))) {
      const problem = `scale ${i} is ${scale}, must be a finite normal number above 0`;
      throw refusal(ArtifactStatus.BadCalibration, problem);
    }
  }
}

function checkOutputs(check: Checker, shape: Shape): void {
  const at = outputsOffset(shape.inputs);
  const status = ArtifactStatus.BadOutputs;
  for (let i = 0; i < shape.rows; i++) {
    const used = i < shape.outputs ? 1 : 0;
    const place = at + 4 * i;
    check.number(status, `feature of output ${i}`, place, 0, used * (shape.inputs - 1));
    check.number(status, `carry of output ${i}`, place + 4 * shape.rows, 0, used);
    const most = used * RESIDUAL_MULTIPLIER_MAX;
    check.number(status, `residual multiplier ${i}`, place + 8 * shape.rows, used, most);
    check.number(status, `drift multiplier ${i}`, place + 12 * shape.rows, used, most);
    const floorMax = used * SCALE_FLOOR_MAX;
    check.number(status, `scale floor ${i}`, place + 16 * shape.rows, used, floorMax);
  }
}

function checkQuantiles(check: Checker, shape: Shape): void {
  const at = quantilesOffset(shape.inputs, shape.outputs);
  const knots = check.view.getInt32(ARTIFACT_AT_QUANTILE_KNOTS, true);
  const status = ArtifactStatus.BadQuantiles;
  let surprise = -1;
  let permille = 0;
  for (let i = 0; i < QUANTILE_KNOTS_MAX; i++) {
    const place = at + 8 * i;
    if (i >= knots) {
      check.zeros(status, `unused knot ${i}`, place, place + 8);
      continue;
    }
    surprise = check.number(status, `surprise of knot ${i}`, place, surprise + 1, SURPRISE_MAX);
    permille = check.number(status, `permille of knot ${i}`, place + 4, permille, 1000);
  }
}

function checkRows(check: Checker, { inputs, hidden, outputs, rows }: Shape): void {
  const matrices: [string, number, number][] = [
    ["gate", gatesOffset(inputs, outputs) + 4 * hidden * (inputs + hidden), 4 * hidden],
    ["output", predictorOffset(inputs, hidden, outputs) + rows * hidden, rows],
  ];
  for (const [name, at, count] of matrices) {
    for (let row = 0; row < count; row++) {
      const status = ArtifactStatus.BadWeights;
      check.number(status, `multiplier of ${name} row ${row}`, at + 4 * row, 0, 0x7fffffff);
      const bias = at + 4 * (count + row);
      check.number(status, `bias of ${name} row ${row}`, bias, -BIAS_MAX, BIAS_MAX);
    }
  }
}

function checkPadding(check: Checker, shape: Shape): void {
  const { inputs, hidden, outputs, rows } = shape;
  const status = ArtifactStatus.BadPadding;
  check.zeros(status, "header", ARTIFACT_AT_RESERVED_LOW, ARTIFACT_AT_NAME);
  check.zeros(status, "header", ARTIFACT_AT_RESERVED_HIGH, ARTIFACT_HEADER_BYTES);
  const multipliers = predictorOffset(inputs, hidden, outputs) + rows * hidden;
  for (const at of [multipliers, multipliers + 4 * rows]) {
    check.zeros(status, "padding row", at + 4 * outputs, at + 4 * rows);
  }
  const recordBytes = selfTestRecordBytes(inputs, outputs);
  for (let step = 1; step <= shape.selfTestSteps; step++) {
    const end = selfTestOffset(inputs, hidden, outputs) + step * recordBytes;
    check.zeros(status, "self-test record", end - 8, end);
  }
}
