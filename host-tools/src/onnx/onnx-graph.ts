// Questions to a graph: who makes a value, is it a constant, is it zero. An exporter leaves constants as
// tensors, as Constant nodes, or behind a Transpose that it did not fold; here all of them are the same.

import { numberOf, numbersOf, tensorOf } from "./node-attribute";
import { unsupported } from "./onnx-error";
import { type OnnxModel, type OnnxNode, nodeTitle } from "./onnx-file";
import type { OnnxTensor } from "./onnx-tensor";

/** A path through a supported graph has a dozen nodes; a longer one is a loop. */
const DEPTH_MAX = 200;

/** Operators whose result is zero where their first input is. */
const KEEPS_ZERO = new Set([
  "Identity",
  "Cast",
  "Expand",
  "Gather",
  "Reshape",
  "Slice",
  "Squeeze",
  "Tile",
  "Transpose",
  "Unsqueeze",
]);

export class OnnxGraph {
  private readonly makers = new Map<string, OnnxNode>();

  constructor(readonly model: OnnxModel) {
    for (const node of model.nodes) {
      for (const output of node.outputs) if (output !== "") this.makers.set(output, node);
    }
  }

  /** The node that makes a value; undefined for tensors and inputs of the graph. */
  maker(value: string): OnnxNode | undefined {
    return this.makers.get(value);
  }

  isInput(value: string): boolean {
    return this.model.inputs.some(({ name }) => name === value);
  }

  /** The value's numbers if they do not depend on the graph's inputs. */
  constant(value: string, depth = 0): OnnxTensor | undefined {
    const tensor = this.model.tensors.get(value);
    if (tensor !== undefined) return tensor;
    const node = this.maker(value);
    if (node === undefined || depth > DEPTH_MAX) return undefined;
    if (node.type === "Constant") return constantOf(node);
    const unfolded = ["Identity", "Cast", "Transpose", "Squeeze", "Unsqueeze"];
    if (!unfolded.includes(node.type)) return undefined;
    const source = this.constant(node.inputs[0] ?? "", depth + 1);
    if (source === undefined) return undefined;
    if (node.type === "Transpose") return transposed(source, node);
    if (node.type === "Squeeze" || node.type === "Unsqueeze") {
      return { ...source, dims: this.resized(source.dims, node) };
    }
    return source;
  }

  /** Whether every number of the value is 0, whatever its shape turns out to be. */
  isZero(value: string, depth = 0): boolean {
    const tensor = this.constant(value);
    if (tensor !== undefined) return tensor.values.every((one) => one === 0);
    const node = this.maker(value);
    if (node === undefined || depth > DEPTH_MAX) return false;
    if (node.type === "ConstantOfShape") {
      return tensorOf(node, "value")?.values.every((one) => one === 0) ?? true;
    }
    if (node.type === "Concat") {
      return node.inputs.every((input) => this.isZero(input, depth + 1));
    }
    return KEEPS_ZERO.has(node.type) && this.isZero(node.inputs[0] ?? "", depth + 1);
  }

  /** Axes of a Squeeze, Unsqueeze and the like: an attribute up to operator set 12, then an input. */
  axes(node: OnnxNode, input: number): readonly number[] | undefined {
    const attribute = numbersOf(node, "axes");
    if (attribute !== undefined) return attribute;
    const value = node.inputs[input] ?? "";
    return value === "" ? undefined : Array.from(this.constant(value)?.values ?? []);
  }

  private resized(dims: readonly number[], node: OnnxNode): number[] {
    const axes = this.axes(node, 1);
    if (node.type === "Squeeze") {
      const gone = axes?.map((axis) => (axis < 0 ? axis + dims.length : axis));
      return dims.filter((dim, i) => (gone === undefined ? dim !== 1 : !gone.includes(i)));
    }
    const rank = dims.length + (axes?.length ?? 0);
    const places = (axes ?? []).map((axis) => (axis < 0 ? axis + rank : axis));
    const rest = [...dims];
    return Array.from({ length: rank }, (_, i) => (places.includes(i) ? 1 : (rest.shift() ?? 1)));
  }
}

/** A Constant node's tensor, or its numbers from one of the short forms. */
function constantOf(node: OnnxNode): OnnxTensor {
  const value = tensorOf(node, "value");
  if (value !== undefined) return value;
  const single = numberOf(node, "value_float") ?? numberOf(node, "value_int");
  if (single !== undefined) return { name: "", dims: [], values: Float64Array.of(single) };
  const list = numbersOf(node, "value_floats") ?? numbersOf(node, "value_ints");
  if (list !== undefined) {
    return { name: "", dims: [list.length], values: Float64Array.from(list) };
  }
  const names = [...node.attributes.keys()].join(", ");
  throw unsupported(nodeTitle(node), `its attributes are ${names}; supported: value`);
}

/** A matrix turned; weights have no more axes. */
function transposed(source: OnnxTensor, node: OnnxNode): OnnxTensor | undefined {
  const perm = numbersOf(node, "perm");
  const [rows = 1, columns = 1] = source.dims;
  if (source.dims.length !== 2) return undefined;
  if (perm !== undefined && perm[0] === 0) return source;
  const values = new Float64Array(source.values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      values[column * rows + row] = source.values[row * columns + column]!;
    }
  }
  return { ...source, dims: [columns, rows], values };
}
