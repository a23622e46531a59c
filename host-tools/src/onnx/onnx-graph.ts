// Questions to a graph: who makes a value, is it a constant, is it zero. An exporter leaves constants as
// tensors, as Constant nodes, or behind a Transpose that it did not fold; here all of them are the same.

import { concatenated, sliced, transposed } from "./constant-fold";
import { numberOf, numbersOf, tensorOf } from "./node-attribute";
import { unsupported } from "./onnx-error";
import { type OnnxModel, type OnnxNode, nodeTitle } from "./onnx-file";
import { CELLS_MAX, type OnnxTensor } from "./onnx-tensor";

/** A path through a supported graph has a dozen nodes; a longer one is a loop. */
const DEPTH_MAX = 200;

/** Operators that are computed where their inputs are constants. */
const FOLDED = new Set([
  "Identity",
  "Cast",
  "Transpose",
  "Squeeze",
  "Unsqueeze",
  "Concat",
  "Slice",
]);

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
  /** Constants that were looked for; undefined for those that are none. */
  private readonly known = new Map<string, OnnxTensor | undefined>();
  private readonly zeros = new Map<string, boolean>();

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
    const tensor = this.model.tensors.get(value) ?? this.known.get(value);
    if (tensor !== undefined) return tensor;
    const node = this.maker(value);
    // Being looked for already: the graph is a loop, or asks for the same again.
    if (node === undefined || depth > DEPTH_MAX || this.known.has(value)) return undefined;
    this.known.set(value, undefined);
    const found =
      node.type === "Constant"
        ? constantOf(node)
        : this.folded(node, (input) => this.constant(input, depth + 1));
    const isSmall = found !== undefined && found.values.length <= CELLS_MAX;
    if (isSmall) this.known.set(value, found);
    return isSmall ? found : undefined;
  }

  /** The result of an operator on constants; undefined where it is none of the known ones. */
  private folded(
    node: OnnxNode,
    constant: (value: string) => OnnxTensor | undefined,
  ): OnnxTensor | undefined {
    if (!FOLDED.has(node.type)) return undefined;
    if (node.type === "Concat") {
      const parts = node.inputs.map(constant);
      if (parts.some((part) => part === undefined)) return undefined;
      return concatenated(parts as OnnxTensor[], numberOf(node, "axis") ?? 0);
    }
    const source = constant(node.inputs[0] ?? "");
    if (source === undefined) return undefined;
    switch (node.type) {
      case "Transpose":
        return transposed(source, numbersOf(node, "perm"));
      case "Squeeze":
      case "Unsqueeze":
        return { ...source, dims: this.resized(source.dims, node) };
      case "Slice":
        return this.slice(source, node, constant);
      default:
        return source;
    }
  }

  /** Along every axis that it names, in steps of one. */
  private slice(
    source: OnnxTensor,
    node: OnnxNode,
    constant: (value: string) => OnnxTensor | undefined,
  ): OnnxTensor | undefined {
    const list = (name: string, input: number) =>
      numbersOf(node, name) ?? Array.from(constant(node.inputs[input] ?? "")?.values ?? []);
    const starts = list("starts", 1);
    const ends = list("ends", 2);
    const axes = this.axes(node, 3) ?? starts.map((_, i) => i);
    const steps = list("steps", 4);
    if (starts.length !== ends.length || steps.some((step) => step !== 1)) return undefined;
    return axes.reduce<OnnxTensor | undefined>(
      (rest, axis, i) => rest && sliced(rest, axis, starts[i] ?? 0, ends[i] ?? 0),
      source,
    );
  }

  /** Whether every number of the value is 0, whatever its shape turns out to be. */
  isZero(value: string, depth = 0): boolean {
    const known = this.zeros.get(value);
    if (known !== undefined) return known;
    // Until it is shown, also to itself in a loop.
    this.zeros.set(value, false);
    const found = this.findZero(value, depth);
    this.zeros.set(value, found);
    return found;
  }

  private findZero(value: string, depth: number): boolean {
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
