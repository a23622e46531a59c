// An ONNX file as values: nodes, tensors, inputs and outputs of its graph. Only what an import looks at;
// fields that are not listed are passed over, as protobuf intends.

import { brokenFile, unsupported } from "./onnx-error";
import { type OnnxTensor, readTensor } from "./onnx-tensor";
import {
  floatsOf,
  integerOf,
  integersOf,
  readFields,
  textOf,
  viewOf,
  type WireField,
} from "./wire";

export type AttributeValue = number | string | readonly number[] | readonly string[] | OnnxTensor;

export interface OnnxNode {
  readonly name: string;
  readonly type: string;
  /** Names of values; "" for an optional one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

export interface OnnxValueInfo {
  readonly name: string;
  /** undefined where the size is a name or unknown. */
  readonly dims: readonly (number | undefined)[];
}

export interface OnnxModel {
  readonly producer: string;
  /** Version of the default operator set. */
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: ReadonlyMap<string, OnnxTensor>;
  /** Inputs that are no tensors of the file. */
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** A model beyond this is none that a filter could run. */
const FILE_BYTES_MAX = 64 << 20;

/**
 * Reads an ONNX file.
 * @throws GanglionError E_ONNX_FILE, E_ONNX_GRAPH
 */
export function readOnnx(bytes: Uint8Array): OnnxModel {
  if (bytes.length > FILE_BYTES_MAX) {
    throw unsupported("the file", `it has ${bytes.length} bytes; supported: ${FILE_BYTES_MAX}`);
  }
  const model = readFields(bytes);
  const graphField = model.find((f) => f.number === 7 && f.type === 2);
  if (graphField === undefined) throw brokenFile("it has no graph");
  const graph = readFields(graphField.bytes);
  const tensors = pick(graph, 5).map((f) => readTensor(f.bytes));
  const named = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const producer = [text(model, 2), text(model, 3)].filter((part) => part !== "").join(" ");
  return {
    producer: producer === "" ? "unknown" : producer,
    opset: opsetOf(pick(model, 8)),
    nodes: pick(graph, 1).map((f) => readNode(f.bytes)),
    tensors: named,
    inputs: pick(graph, 11)
      .map((f) => readValueInfo(f.bytes))
      .filter(({ name }) => !named.has(name)),
    outputs: pick(graph, 12).map((f) => readValueInfo(f.bytes)),
    metadata: new Map(
      pick(model, 14).map((f) => {
        const entry = readFields(f.bytes);
        return [text(entry, 1), text(entry, 2)];
      }),
    ),
  };
}

/** How messages call a node. */
export function nodeTitle({ name, type, outputs }: OnnxNode): string {
  return `node "${name === "" ? (outputs[0] ?? "") : name}" (${type})`;
}

/** Length-delimited fields of one number. */
function pick(fields: readonly WireField[], number: number): WireField[] {
  return fields.filter((f) => f.number === number && f.type === 2);
}

function text(fields: readonly WireField[], number: number): string {
  const field = pick(fields, number)[0];
  return field === undefined ? "" : textOf(field);
}

function opsetOf(imports: readonly WireField[]): number {
  for (const { bytes } of imports) {
    const fields = readFields(bytes);
    const domain = text(fields, 1);
    const version = fields.find((f) => f.number === 2 && f.type === 0);
    if ((domain === "" || domain === "ai.onnx") && version) return integerOf(version);
  }
  return 0;
}

function readNode(message: Uint8Array): OnnxNode {
  const fields = readFields(message);
  return {
    name: text(fields, 3),
    type: text(fields, 4),
    inputs: pick(fields, 1).map(textOf),
    outputs: pick(fields, 2).map(textOf),
    attributes: new Map(
      pick(fields, 5).flatMap((f): [string, AttributeValue][] => {
        const attribute = readFields(f.bytes);
        const value = attributeValue(attribute);
        return value === undefined ? [] : [[text(attribute, 1), value]];
      }),
    ),
  };
}

/** AttributeProto carries its type, because zero and absent look alike. */
function attributeValue(fields: readonly WireField[]): AttributeValue | undefined {
  const field = (number: number) => fields.find((f) => f.number === number);
  const typeField = field(20);
  const type = typeField === undefined ? 0 : integerOf(typeField);
  const bytes = (number: number) => field(number)?.bytes;
  if (type === 1) return bytes(2) === undefined ? 0 : viewOf(bytes(2)!).getFloat32(0, true);
  if (type === 2) return field(3) === undefined ? 0 : integerOf(field(3)!);
  if (type === 3) return text(fields, 4);
  if (type === 4) return bytes(5) === undefined ? undefined : readTensor(bytes(5)!);
  if (type === 6) return fields.filter((f) => f.number === 7).flatMap(floatsOf);
  if (type === 7) return fields.filter((f) => f.number === 8).flatMap(integersOf);
  if (type === 8) return pick(fields, 9).map(textOf);
  return undefined;
}

function readValueInfo(message: Uint8Array): OnnxValueInfo {
  const fields = readFields(message);
  const inner = (from: readonly WireField[], number: number): WireField[] => {
    const field = pick(from, number)[0];
    return field === undefined ? [] : readFields(field.bytes);
  };
  const shape = inner(inner(inner(fields, 2), 1), 2);
  const dims = pick(shape, 1).map((dim) => {
    const value = readFields(dim.bytes).find((f) => f.number === 1 && f.type === 0);
    return value === undefined ? undefined : integerOf(value);
  });
  return { name: text(fields, 1), dims };
}
