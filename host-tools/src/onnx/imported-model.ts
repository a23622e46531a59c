// A recurrent model as an ONNX file has it: what comes before the layer, the layer, what comes behind
// it, each as one affine map. Nothing here knows the filter's features; that is float-import.ts.

import { type AffineMap, stacked } from "./affine-map";
import { AffineTracer, type Source, type Traced } from "./affine-tracer";
import { unsupported } from "./onnx-error";
import { readOnnx } from "./onnx-file";
import { OnnxGraph } from "./onnx-graph";
import { findRecurrent, type RecurrentNode } from "./recurrent-node";

export interface ImportedModel {
  /** Program and version that wrote the file. */
  readonly producer: string;
  readonly opset: number;
  readonly metadata: ReadonlyMap<string, string>;
  /** The graph's input and how many values a vector of it has. */
  readonly inputName: string;
  readonly inputs: number;
  readonly layer: RecurrentNode;
  /** From a vector to what arrives at the layer: layer.inputs rows, `inputs` columns. */
  readonly before: AffineMap;
  /** From vector and hidden state to the outputs: `inputs` and then layer.hidden columns. */
  readonly head: AffineMap;
  /** By output: whether the file puts it through a Sigmoid. */
  readonly logistic: readonly boolean[];
}

/**
 * Reads a model and checks that the filter's kernels can compute it.
 * @throws GanglionError E_ONNX_FILE, E_ONNX_GRAPH
 */
export function importOnnx(bytes: Uint8Array): ImportedModel {
  const model = readOnnx(bytes);
  const graph = new OnnxGraph(model);
  const layer = findRecurrent(graph);
  const { name: inputName, width: inputs, rank } = entry(graph, layer);
  const x: Source = { from: 0, width: inputs, rank };
  const before = new AffineTracer(
    graph,
    new Map([[inputName, x]]),
    inputs,
    "before the recurrent layer",
  ).trace(layer.node.inputs[0] ?? "");
  if (before.map.rows !== layer.inputs) {
    throw unsupported(
      `input "${inputName}"`,
      `${before.map.rows} values arrive at a layer that takes ${layer.inputs}`,
    );
  }
  if (before.logistic.includes(true)) {
    throw unsupported("a Sigmoid", "stands before the recurrent layer; supported: linear layers");
  }
  const head = headOf(graph, layer, inputName, x);
  const { producer, opset, metadata } = model;
  return {
    producer,
    opset,
    metadata,
    inputName,
    inputs,
    layer,
    before: before.map,
    head: head.map,
    logistic: head.logistic,
  };
}

/** The graph's input that reaches the layer. */
function entry(graph: OnnxGraph, layer: RecurrentNode): Source & { readonly name: string } {
  const found = new Set<string>();
  const seen = new Set<string>();
  const open = [layer.node.inputs[0] ?? ""];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (graph.isInput(value)) found.add(value);
    // What only says a shape is no data.
    const maker = graph.maker(value);
    if (maker !== undefined && maker.type !== "Shape") open.push(...maker.inputs);
  }
  const [name] = found;
  if (name === undefined || found.size > 1) {
    const names = [...found].map((one) => `"${one}"`).join(", ");
    throw unsupported("the graph", `inputs ${names || "none"} reach the layer; supported: one`);
  }
  const info = graph.model.inputs.find((one) => one.name === name)!;
  const width = info.dims.at(-1);
  if (width === undefined) {
    throw unsupported(`input "${name}"`, "its last axis has no fixed size; it must be a number");
  }
  return { name, from: 0, width, rank: info.dims.length };
}

/** All outputs but the states, one below the other. */
function headOf(graph: OnnxGraph, layer: RecurrentNode, inputName: string, x: Source): Traced {
  const { outputs } = graph.model;
  const [sequence = "", last = "", cell = ""] = layer.node.outputs;
  const own = new Set([sequence, last, cell].filter((value) => value !== ""));
  const predictions = outputs.filter(({ name }) => !isState(graph, own, name));
  if (predictions.length === 0) {
    const names = outputs.map(({ name }) => `"${name}"`).join(", ");
    throw unsupported(
      `outputs ${names}`,
      "only the layer's state, no linear layer behind it; supported: Gemm, or MatMul and Add",
    );
  }
  const columns = x.width + layer.hidden;
  const hidden = { from: x.width, width: layer.hidden };
  const sources = new Map<string, Source>([[inputName, x]]);
  if (sequence !== "") sources.set(sequence, { ...hidden, rank: 4 });
  if (last !== "") sources.set(last, { ...hidden, rank: 3 });
  const tracer = new AffineTracer(graph, sources, columns, "behind the recurrent layer");
  const parts = predictions.map(({ name }) => tracer.trace(name));
  return {
    map: stacked(parts.map((part) => part.map)),
    rank: parts[0]!.rank,
    logistic: parts.flatMap((part) => part.logistic),
  };
}

/** Whether an output is the layer's own, perhaps with axes moved: the state, for the next call. */
function isState(graph: OnnxGraph, own: ReadonlySet<string>, value: string): boolean {
  for (let at = value, steps = 0; steps < 20; steps++) {
    if (own.has(at)) return true;
    const node = graph.maker(at);
    const moves = ["Identity", "Squeeze", "Unsqueeze", "Transpose", "Reshape"];
    if (node === undefined || !moves.includes(node.type)) return false;
    at = node.inputs[0] ?? "";
  }
  return false;
}
