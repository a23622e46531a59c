// Follows a value of the graph back to its sources and says which affine map of them it is. The features
// stand on the last axis throughout; axes before it are time and batch, which the filter has not (it
// sees one vector at a time), so reshaping them changes nothing as long as the last axis stays whole.

import { type AffineMap, compose, scaled, selection, stacked, sum } from "./affine-map";
import { numberOf, numbersOf } from "./node-attribute";
import { brokenFile, unsupported } from "./onnx-error";
import { nodeTitle, type OnnxNode } from "./onnx-file";
import type { OnnxGraph } from "./onnx-graph";
import type { OnnxTensor } from "./onnx-tensor";

/** A value from which maps begin. */
export interface Source {
  /** Its first column and how many it has. */
  readonly from: number;
  readonly width: number;
  /** Axes of the value. */
  readonly rank: number;
}

export interface Traced {
  readonly map: AffineMap;
  readonly rank: number;
  /** By row: whether a Sigmoid follows. */
  readonly logistic: readonly boolean[];
}

const DEPTH_MAX = 200;
/** Values side by side; gates and outputs of the largest supported layer are far below. */
const ROWS_MAX = 4096;

const SUPPORTED =
  "supported there: MatMul, Gemm, Add, Sub, Mul and Div with constants, Concat, and a last Sigmoid";

export class AffineTracer {
  private readonly known = new Map<string, Traced>();

  /**
   * @param columns of every map, over all sources
   * @param place where this is in the graph, for messages: "before the recurrent layer"
   */
  constructor(
    private readonly graph: OnnxGraph,
    private readonly sources: ReadonlyMap<string, Source>,
    private readonly columns: number,
    private readonly place: string,
  ) {}

  /** @throws GanglionError E_ONNX_GRAPH naming the node that is no affine map */
  trace(value: string, depth = 0): Traced {
    const known = this.known.get(value);
    if (known !== undefined) return known;
    const traced = this.follow(value, depth);
    if (traced.map.rows > ROWS_MAX) {
      throw unsupported(
        `value "${value}"`,
        `it has ${traced.map.rows} rows; supported: ${ROWS_MAX}`,
      );
    }
    this.known.set(value, traced);
    return traced;
  }

  private follow(value: string, depth: number): Traced {
    const source = this.sources.get(value);
    if (source !== undefined) {
      const map = selection(source.from, source.width, this.columns);
      return { map, rank: source.rank, logistic: map.biases.length ? noSigmoid(source.width) : [] };
    }
    const node = this.graph.maker(value);
    if (node === undefined) {
      throw unsupported(`value "${value}"`, `${this.place} it is no input that the model knows`);
    }
    if (depth > DEPTH_MAX) throw brokenFile(`${nodeTitle(node)} is part of a loop`);
    const inner = (input: string) => this.trace(input, depth + 1);
    switch (node.type) {
      case "MatMul":
      case "Gemm":
        return this.product(node, inner);
      case "Add":
      case "Sub":
      case "Mul":
      case "Div":
        return this.arithmetic(node, inner);
      case "Concat":
        return concatenated(node, node.inputs.map(inner));
      case "Sigmoid": {
        const traced = plain(node, inner(node.inputs[0] ?? ""));
        return { ...traced, logistic: traced.logistic.map(() => true) };
      }
      default:
        return this.reshaped(node, inner);
    }
  }

  private product(node: OnnxNode, inner: (input: string) => Traced): Traced {
    const attribute = (name: string, otherwise: number) => numberOf(node, name) ?? otherwise;
    const [left = "", right = "", add = ""] = node.inputs;
    const matrix = this.graph.constant(right);
    if (matrix === undefined || matrix.dims.length !== 2) {
      throw this.refuse(node, "its second input is no constant matrix");
    }
    if (attribute("transA", 0) !== 0) throw this.refuse(node, "transA is 1; supported: 0");
    const traced = plain(node, inner(left));
    const isTurned = node.type === "Gemm" && attribute("transB", 0) === 1;
    const [first = 0, second = 0] = matrix.dims;
    const rows = isTurned ? first : second;
    const middle = isTurned ? second : first;
    if (middle !== traced.map.rows) {
      throw this.refuse(node, `its matrix takes ${middle} values, ${traced.map.rows} arrive`);
    }
    const alpha = node.type === "Gemm" ? attribute("alpha", 1) : 1;
    const weights = new Float64Array(rows * middle);
    for (let row = 0; row < rows; row++) {
      for (let k = 0; k < middle; k++) {
        const at = isTurned ? row * middle + k : k * rows + row;
        weights[row * middle + k] = alpha * matrix.values[at]!;
      }
    }
    const constants = add === "" ? undefined : this.row(node, add, rows);
    const beta = attribute("beta", 1);
    const map = compose(
      weights,
      rows,
      traced.map,
      constants?.map((one) => beta * one),
    );
    return { map, rank: traced.rank, logistic: noSigmoid(rows) };
  }

  private arithmetic(node: OnnxNode, inner: (input: string) => Traced): Traced {
    const [left = "", right = ""] = node.inputs;
    const isSum = node.type === "Add" || node.type === "Sub";
    const sign = node.type === "Sub" ? -1 : 1;
    const isLeftConstant = this.graph.constant(left) !== undefined;
    if (isLeftConstant || this.graph.constant(right) !== undefined) {
      if (isLeftConstant && node.type === "Div") throw this.refuse(node, "it divides a constant");
      const traced = plain(node, inner(isLeftConstant ? right : left));
      const c = this.row(node, isLeftConstant ? left : right, traced.map.rows);
      const own = isLeftConstant ? sign : 1;
      const other = isLeftConstant ? 1 : sign;
      const map = isSum
        ? scaled(
            traced.map,
            () => own,
            (row) => other * c[row]!,
          )
        : scaled(
            traced.map,
            (row) => (node.type === "Div" ? 1 / c[row]! : c[row]!),
            () => 0,
          );
      return { ...traced, map };
    }
    if (!isSum) throw this.refuse(node, "both inputs depend on the model's input");
    const a = plain(node, inner(left));
    const b = plain(node, inner(right));
    if (a.map.rows !== b.map.rows) {
      throw this.refuse(node, `its inputs have ${a.map.rows} and ${b.map.rows} values`);
    }
    return { ...a, map: sum(a.map, b.map, sign) };
  }

  /** A constant as one number a row: a vector of that length, or one number for all. */
  private row(node: OnnxNode, value: string, rows: number): Float64Array {
    const tensor = this.graph.constant(value);
    if (tensor === undefined) throw this.refuse(node, `"${value}" is no constant`);
    const { values } = tensor;
    if (values.length === 1) return new Float64Array(rows).fill(values[0]!);
    if (values.length === rows && tensor.dims.at(-1) === rows) return values;
    throw this.refuse(node, `a constant of shape [${tensor.dims.join(", ")}] meets ${rows} values`);
  }

  /** Operators that only move, drop or add axes before the last. */
  private reshaped(node: OnnxNode, inner: (input: string) => Traced): Traced {
    const [input = ""] = node.inputs;
    if (node.type === "Identity" || node.type === "Cast" || node.type === "Dropout") {
      return inner(input);
    }
    if (
      !["Transpose", "Squeeze", "Unsqueeze", "Gather", "Slice", "Reshape", "Flatten"].includes(
        node.type,
      )
    ) {
      throw unsupported(nodeTitle(node), `stands ${this.place}; ${SUPPORTED}`);
    }
    return this.moved(node, inner(input));
  }

  private moved(node: OnnxNode, traced: Traced): Traced {
    const { rank } = traced;
    const last = rank - 1;
    const touches = (axes: readonly number[], of = rank) =>
      axes.some((axis) => (axis < 0 ? axis + of : axis) === of - 1);
    const refuseLast = () => this.refuse(node, "it changes the axis of the features");
    switch (node.type) {
      case "Transpose": {
        const perm = numbersOf(node, "perm");
        if (perm === undefined || perm.at(-1) !== last) throw refuseLast();
        return traced;
      }
      case "Squeeze": {
        const axes = this.graph.axes(node, 1);
        if (axes === undefined || touches(axes)) throw refuseLast();
        return { ...traced, rank: rank - axes.length };
      }
      case "Unsqueeze": {
        const axes = this.graph.axes(node, 1) ?? [];
        if (touches(axes, rank + axes.length)) throw refuseLast();
        return { ...traced, rank: rank + axes.length };
      }
      case "Gather": {
        if (touches([numberOf(node, "axis") ?? 0])) throw refuseLast();
        const isScalar = this.graph.constant(node.inputs[1] ?? "")?.dims.length === 0;
        return { ...traced, rank: isScalar ? rank - 1 : rank };
      }
      case "Slice": {
        const starts = this.graph.constant(node.inputs[1] ?? "")?.values.length ?? rank;
        const axes = this.graph.axes(node, 3) ?? Array.from({ length: starts }, (_, i) => i);
        if (touches(axes)) throw refuseLast();
        return traced;
      }
      case "Flatten": {
        const axis = numberOf(node, "axis") ?? 1;
        if (axis !== last && axis !== -1) throw refuseLast();
        return { ...traced, rank: 2 };
      }
      default: {
        const shape = this.lastSizes(node.inputs[1] ?? "");
        if (shape.last !== traced.map.rows && shape.last !== -1) throw refuseLast();
        return { ...traced, rank: shape.length };
      }
    }
  }

  /** The last number of a shape, which may be put together at run time. */
  private lastSizes(value: string): { readonly last: number | undefined; readonly length: number } {
    const known: OnnxTensor | undefined = this.graph.constant(value);
    if (known !== undefined) return { last: known.values.at(-1), length: known.values.length };
    const node = this.graph.maker(value);
    if (node?.type !== "Concat") return { last: undefined, length: 0 };
    const tail = this.graph.constant(node.inputs.at(-1) ?? "");
    return { last: tail?.values.at(-1), length: node.inputs.length };
  }

  private refuse(node: OnnxNode, problem: string) {
    return unsupported(nodeTitle(node), problem);
  }
}

function noSigmoid(rows: number): boolean[] {
  return new Array<boolean>(rows).fill(false);
}

/** @throws GanglionError when a Sigmoid is not the last thing that happens */
function plain(node: OnnxNode, traced: Traced): Traced {
  if (!traced.logistic.includes(true)) return traced;
  throw unsupported(nodeTitle(node), "stands behind a Sigmoid; supported: a Sigmoid at the end");
}

function concatenated(node: OnnxNode, parts: readonly Traced[]): Traced {
  const axis = numberOf(node, "axis") ?? 0;
  const rank = parts[0]?.rank ?? 0;
  if (parts.length === 0 || (axis !== -1 && axis !== rank - 1)) {
    throw unsupported(
      nodeTitle(node),
      `axis is ${axis}; supported: the last, that of the features`,
    );
  }
  return {
    map: stacked(parts.map((part) => part.map)),
    rank,
    logistic: parts.flatMap((part) => part.logistic),
  };
}
