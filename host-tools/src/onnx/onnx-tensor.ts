// A tensor of an ONNX file: its shape and its numbers as doubles, whatever type they have in the file.

import { brokenFile, unsupported } from "./onnx-error";
import {
  doublesOf,
  floatsOf,
  integerOf,
  integersOf,
  readFields,
  textOf,
  viewOf,
  type WireField,
} from "./wire";

export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** Row-major. */
  readonly values: Float64Array;
}

/** Fields of TensorProto (onnx.proto). */
const enum Field {
  Dims = 1,
  DataType = 2,
  FloatData = 4,
  Int32Data = 5,
  Int64Data = 7,
  Name = 8,
  RawData = 9,
  DoubleData = 10,
  DataLocation = 14,
}

interface NumberType {
  readonly name: string;
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

/** TensorProto.DataType, those that weights and shapes come in. */
const TYPES: Readonly<Record<number, NumberType>> = {
  1: { name: "float", bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  2: { name: "uint8", bytes: 1, read: (view, at) => view.getUint8(at) },
  3: { name: "int8", bytes: 1, read: (view, at) => view.getInt8(at) },
  6: { name: "int32", bytes: 4, read: (view, at) => view.getInt32(at, true) },
  7: { name: "int64", bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  9: { name: "bool", bytes: 1, read: (view, at) => view.getUint8(at) },
  10: { name: "float16", bytes: 2, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  11: { name: "double", bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  16: { name: "bfloat16", bytes: 2, read: readBrain },
};

/** Largest tensor that any supported model has, with a wide margin; larger is another model. */
export const CELLS_MAX = 1 << 20;

/**
 * @throws GanglionError E_ONNX_FILE when data and shape do not fit each other, E_ONNX_GRAPH for data
 * outside the file or of another type
 */
export function readTensor(message: Uint8Array): OnnxTensor {
  const fields = readFields(message);
  const dims = fields.filter((f) => f.number === Field.Dims).flatMap(integersOf);
  const nameField = fields.find((f) => f.number === Field.Name);
  const name = nameField === undefined ? "" : textOf(nameField);
  const title = `tensor "${name}"`;
  if (fields.some((f) => f.number === Field.DataLocation && integerOf(f) === 1)) {
    throw unsupported(title, "its data is in another file; export with external_data=False");
  }
  const typeField = fields.find((f) => f.number === Field.DataType);
  const code = typeField === undefined ? 0 : integerOf(typeField);
  const type = TYPES[code];
  if (type === undefined) {
    const known = Object.values(TYPES).map((one) => one.name);
    throw unsupported(title, `its data type is ${code}; supported: ${known.join(", ")}`);
  }
  const cells = dims.reduce((product, dim) => product * dim, 1);
  if (!(cells >= 0 && cells <= CELLS_MAX)) {
    throw unsupported(title, `it has ${dims.join(" x ")} numbers; supported: up to ${CELLS_MAX}`);
  }
  const values = Float64Array.from(numbersOf(fields, code, type));
  if (values.length !== cells) {
    throw brokenFile(`${title} has ${values.length} numbers for the shape [${dims.join(", ")}]`);
  }
  return { name, dims, values };
}

function numbersOf(fields: readonly WireField[], code: number, type: NumberType): number[] {
  const raw = fields.find((f) => f.number === Field.RawData);
  if (raw !== undefined) {
    const view = viewOf(raw.bytes);
    const count = Math.floor(raw.bytes.length / type.bytes);
    return Array.from({ length: count }, (_, i) => type.read(view, i * type.bytes));
  }
  return fields.flatMap((field): number[] => {
    if (field.number === Field.FloatData) return floatsOf(field);
    if (field.number === Field.DoubleData) return doublesOf(field);
    if (field.number === Field.Int64Data) return integersOf(field);
    if (field.number !== Field.Int32Data) return [];
    // Halves travel as their bits in int32.
    const numbers = integersOf(field);
    if (code === 10) return numbers.map(halfToNumber);
    return code === 16 ? numbers.map(brainToNumber) : numbers;
  });
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** The upper half of a float. */
function brainToNumber(bits: number): number {
  word.setUint32(0, (bits & 0xffff) << 16);
  return word.getFloat32(0);
}

function readBrain(view: DataView, at: number): number {
  return brainToNumber(view.getUint16(at, true));
}
