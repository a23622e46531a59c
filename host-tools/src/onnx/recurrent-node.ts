// The LSTM or GRU node of a graph: its attributes checked against what the filter's kernels compute,
// its weights in the project's order.
//
// ONNX stacks gates as input, output, forget, candidate (LSTM) and update, reset, candidate (GRU), one
// matrix W for the input and one R for the hidden state, two biases. Ours: input, forget, candidate,
// output; and reset, update, candidate.

import { HIDDEN_MAX } from "../contract";
import { numberOf, textOf, textsOf } from "./node-attribute";
import { brokenFile, unsupported } from "./onnx-error";
import { nodeTitle, type OnnxNode } from "./onnx-file";
import type { OnnxGraph } from "./onnx-graph";
import type { OnnxTensor } from "./onnx-tensor";

export interface RecurrentNode {
  readonly architecture: "lstm" | "gru";
  readonly node: OnnxNode;
  /** Values that arrive at the layer, behind whatever is before it. */
  readonly inputs: number;
  readonly hidden: number;
  /** Gate matrices in our order: rows = gates * hidden. */
  readonly inputWeights: Float64Array;
  readonly hiddenWeights: Float64Array;
  readonly inputBiases: Float64Array;
  readonly hiddenBiases: Float64Array;
}

/** Our gate order as places in ONNX's. */
const GATE_ORDER = { lstm: [0, 2, 3, 1], gru: [1, 0, 2] } as const;

const ACTIVATIONS = {
  lstm: ["Sigmoid", "Tanh", "Tanh"],
  gru: ["Sigmoid", "Tanh"],
} as const;

/**
 * The graph's one recurrent layer.
 * @throws GanglionError E_ONNX_GRAPH naming node, attribute, value and what is supported
 */
export function findRecurrent(graph: OnnxGraph): RecurrentNode {
  const { nodes } = graph.model;
  const inner = nodes.find(({ type }) => ["Loop", "Scan", "If"].includes(type));
  if (inner !== undefined) {
    throw unsupported(nodeTitle(inner), "it has a graph within the graph; supported: none");
  }
  const layers = nodes.filter(({ type }) => ["LSTM", "GRU", "RNN"].includes(type));
  const [node, second] = layers;
  if (node === undefined) {
    const types = [...new Set(nodes.map(({ type }) => type))].sort().join(", ");
    throw unsupported("the graph", `it has no LSTM or GRU node, only ${types || "nothing"}`);
  }
  if (second !== undefined) {
    throw unsupported(nodeTitle(second), "it is a second recurrent layer; supported: one");
  }
  if (node.type === "RNN") {
    throw unsupported(nodeTitle(node), "a plain RNN; supported: LSTM, GRU");
  }
  return readRecurrent(graph, node, node.type === "LSTM" ? "lstm" : "gru");
}

function readRecurrent(
  graph: OnnxGraph,
  node: OnnxNode,
  architecture: "lstm" | "gru",
): RecurrentNode {
  checkAttributes(node, architecture);
  const gates = GATE_ORDER[architecture].length;
  const w = matrixOf(graph, node, 1, "W");
  const r = matrixOf(graph, node, 2, "R");
  const inputs = w.dims[2]!;
  const hidden = r.dims[2]!;
  const stated = numberOf(node, "hidden_size") ?? hidden;
  if (w.dims[1] !== gates * hidden || r.dims[1] !== gates * hidden || stated !== hidden) {
    const shapes = `W [${w.dims.join(", ")}], R [${r.dims.join(", ")}], hidden_size ${stated}`;
    throw brokenFile(`${nodeTitle(node)}: its shapes do not fit each other: ${shapes}`);
  }
  if (hidden > HIDDEN_MAX) {
    throw unsupported(nodeTitle(node), `hidden_size is ${hidden}; supported: up to ${HIDDEN_MAX}`);
  }
  checkStates(graph, node, architecture);
  const biases = biasesOf(graph, node, gates * hidden);
  const ordered = (values: Float64Array, columns: number) =>
    reordered(values, GATE_ORDER[architecture], hidden * columns);
  return {
    architecture,
    node,
    inputs,
    hidden,
    inputWeights: ordered(w.values, inputs),
    hiddenWeights: ordered(r.values, hidden),
    inputBiases: ordered(biases.subarray(0, gates * hidden), 1),
    hiddenBiases: ordered(biases.subarray(gates * hidden), 1),
  };
}

function checkAttributes(node: OnnxNode, architecture: "lstm" | "gru"): void {
  const title = nodeTitle(node);
  const direction = textOf(node, "direction") ?? "forward";
  if (direction !== "forward") {
    throw unsupported(title, `direction is "${direction}"; supported: "forward"`);
  }
  const expected: readonly string[] = ACTIVATIONS[architecture];
  const activations = textsOf(node, "activations") ?? expected;
  if (activations.join() !== expected.join()) {
    const told = activations.join(", ");
    throw unsupported(title, `activations are ${told}; supported: ${expected.join(", ")}`);
  }
  const clip = numberOf(node, "clip");
  if (clip !== undefined) throw unsupported(title, `clip is ${clip}; supported: none`);
  if (numberOf(node, "input_forget") === 1) {
    throw unsupported(title, "input_forget is 1; supported: 0");
  }
  if (architecture === "gru" && numberOf(node, "linear_before_reset") !== 1) {
    const value = numberOf(node, "linear_before_reset") ?? 0;
    throw unsupported(
      title,
      `linear_before_reset is ${value}; supported: 1, as PyTorch has it and Keras with ` +
        "reset_after",
    );
  }
}

/** W and R have an axis for the direction, of length 1. */
function matrixOf(graph: OnnxGraph, node: OnnxNode, index: number, name: string): OnnxTensor {
  const tensor = graph.constant(node.inputs[index] ?? "");
  if (tensor === undefined) {
    throw unsupported(nodeTitle(node), `its weights ${name} are computed; supported: constants`);
  }
  if (tensor.dims.length === 3 && tensor.dims[0] === 1) return tensor;
  throw brokenFile(`${nodeTitle(node)}: ${name} has the shape [${tensor.dims.join(", ")}]`);
}

function biasesOf(graph: OnnxGraph, node: OnnxNode, rows: number): Float64Array {
  const name = node.inputs[3] ?? "";
  if (name === "") return new Float64Array(2 * rows);
  const tensor = graph.constant(name);
  if (tensor === undefined) {
    throw unsupported(nodeTitle(node), "its biases B are computed; supported: constants");
  }
  if (tensor.values.length === 2 * rows) return tensor.values;
  throw brokenFile(`${nodeTitle(node)}: B has the shape [${tensor.dims.join(", ")}]`);
}

/**
 * A route begins with a zero state. A state that the caller gives is the same thing seen from outside:
 * whoever runs such a graph step by step begins with zeros.
 */
function checkStates(graph: OnnxGraph, node: OnnxNode, architecture: "lstm" | "gru"): void {
  const title = nodeTitle(node);
  const given = (index: number) => node.inputs[index] ?? "";
  if (given(4) !== "") {
    throw unsupported(
      title,
      `sequence_lens is "${given(4)}"; supported: none, all of the sequence`,
    );
  }
  const states = architecture === "lstm" ? [5, 6] : [5];
  for (const index of states) {
    const value = given(index);
    if (value === "" || graph.isZero(value) || reachesInput(graph, value)) continue;
    const name = index === 5 ? "initial_h" : "initial_c";
    throw unsupported(title, `${name} is "${value}", not zero; supported: zero`);
  }
  if (given(7) !== "") {
    throw unsupported(title, `P is "${given(7)}"; supported: no peepholes`);
  }
}

/** An input of the graph, perhaps with axes moved. */
function reachesInput(graph: OnnxGraph, value: string, depth = 0): boolean {
  if (graph.isInput(value)) return true;
  if (depth > 20) return false;
  const node = graph.maker(value);
  const moves = ["Identity", "Transpose", "Squeeze", "Unsqueeze"];
  return (
    node !== undefined &&
    moves.includes(node.type) &&
    reachesInput(graph, node.inputs[0] ?? "", depth + 1)
  );
}

/** Blocks of one gate each, in another order. */
function reordered(
  values: Float64Array,
  order: readonly number[],
  blockLength: number,
): Float64Array {
  const out = new Float64Array(values.length);
  order.forEach((from, to) => {
    out.set(values.subarray(from * blockLength, (from + 1) * blockLength), to * blockLength);
  });
  return out;
}
