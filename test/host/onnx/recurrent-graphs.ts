// The graphs that the import tests read: weights from a seed, the nodes that exporters write.

import type { Prng } from "../../../host-tools/src/lib/prng";
import { normal } from "../../../host-tools/src/model/exact-math";
import { type Attribute, floats, GraphWriter, ints } from "./onnx-writer";

export interface GraphOptions {
  readonly architecture: "LSTM" | "GRU";
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  /** Of the weights. */
  readonly spread?: number;
  /** Attributes of the layer, over the usual ones. */
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

const random32 = (random: Prng, length: number, spread: number) =>
  Float32Array.from({ length }, () => normal(random) * spread);

/** The layer, and the name of its output [T, 1, B, H]. */
function layer(g: GraphWriter, x: string, options: GraphOptions, random: Prng, states: string[]) {
  const { architecture, inputs, hidden, spread = 0.4, attributes = {} } = options;
  const rows = (architecture === "LSTM" ? 4 : 3) * hidden;
  g.tensor("W", floats([1, rows, inputs], random32(random, rows * inputs, spread)));
  g.tensor("R", floats([1, rows, hidden], random32(random, rows * hidden, spread)));
  g.tensor("B", floats([1, 2 * rows], random32(random, 2 * rows, spread)));
  const usual: Record<string, Attribute> =
    architecture === "LSTM" ? {} : { linear_before_reset: 1 };
  const made = architecture === "LSTM" ? ["Y", "Y_h", "Y_c"] : ["Y", "Y_h"];
  g.node(architecture, [x, "W", "R", "B", "", ...states], made, {
    hidden_size: hidden,
    ...usual,
    ...attributes,
  });
  return "Y";
}

/** As torch.onnx.export writes nn.LSTM or nn.GRU with batch_first and nn.Linear. */
export function batchFirstGraph(options: GraphOptions, random: Prng): Uint8Array {
  const { inputs, hidden, outputs, architecture } = options;
  const g = new GraphWriter();
  g.input("features", 1, "steps", inputs);
  const x = g.node("Transpose", ["features"], "x", { perm: [1, 0, 2] });
  g.tensor("state_shape", ints(1, 1, hidden));
  const zero = g.node("ConstantOfShape", ["state_shape"], "zero", { value: floats([1], [0]) });
  const states = architecture === "LSTM" ? [zero, zero] : [zero];
  const y = layer(g, x, options, random, states);
  g.tensor("one", ints(1));
  const squeezed = g.node("Squeeze", [y, "one"], "squeezed");
  const turned = g.node("Transpose", [squeezed], "turned", { perm: [1, 0, 2] });
  g.tensor("head", floats([hidden, outputs], random32(random, hidden * outputs, 0.5)));
  g.tensor("head_bias", floats([outputs], random32(random, outputs, 0.5)));
  const product = g.node("MatMul", [turned, "head"], "product");
  g.node("Add", ["head_bias", product], "prediction");
  g.output("prediction", 1, "steps", outputs);
  return g.finish();
}

/** Time first; standardised within the graph; a skip from the input; a Gemm with its matrix turned. */
export function skipGraph(options: GraphOptions, random: Prng): Uint8Array {
  const { inputs, hidden, outputs } = options;
  const g = new GraphWriter();
  g.input("x", "steps", inputs);
  g.tensor("mean", floats([inputs], random32(random, inputs, 1)));
  g.tensor(
    "deviation",
    floats(
      [inputs],
      random32(random, inputs, 0.2).map((d) => 1 + d * d),
    ),
  );
  const centred = g.node("Sub", ["x", "mean"], "centred");
  const standard = g.node("Div", [centred, "deviation"], "standard");
  g.tensor("one", ints(1));
  const batched = g.node("Unsqueeze", [standard, "one"], "batched");
  const y = layer(g, batched, options, random, []);
  g.tensor("ones", ints(1, 2));
  const state = g.node("Squeeze", [y, "ones"], "state");
  const both = g.node("Concat", [standard, state], "both", { axis: -1 });
  const columns = inputs + hidden;
  g.tensor("head", floats([outputs - 1, columns], random32(random, (outputs - 1) * columns, 0.3)));
  g.tensor("head_bias", floats([outputs - 1], random32(random, outputs - 1, 0.3)));
  const values = g.node("Gemm", [both, "head", "head_bias"], "values", {
    transB: 1,
    alpha: { float: 0.5 },
    beta: { float: 2 },
  });
  g.tensor("odds", floats([hidden, 1], random32(random, hidden, 0.5)));
  const logit = g.node("MatMul", [state, "odds"], "logit");
  const chance = g.node("Sigmoid", [logit], "chance");
  g.node("Concat", [values, chance], "prediction", { axis: 1 });
  g.output("prediction", "steps", outputs);
  return g.finish();
}

/** A smallest graph to spoil. */
export function plainGraph(
  options: GraphOptions,
  random: Prng,
  more: (g: GraphWriter) => string = () => "state",
): Uint8Array {
  const { inputs, hidden, outputs } = options;
  const g = new GraphWriter();
  g.input("x", "steps", 1, inputs);
  layer(g, "x", options, random, []);
  g.tensor("one", ints(1));
  g.node("Squeeze", ["Y", "one"], "state");
  const from = more(g);
  g.tensor("head", floats([hidden, outputs], random32(random, hidden * outputs, 0.5)));
  g.node("MatMul", [from, "head"], "prediction");
  g.output("prediction", "steps", 1, outputs);
  return g.finish();
}

/** An LSTM whose weights the exporter left in PyTorch's order, put into ONNX's by nodes of the graph. */
export function unfoldedGraph(options: GraphOptions, random: Prng): Uint8Array {
  const { inputs, hidden, outputs, spread = 0.4 } = options;
  const g = new GraphWriter();
  g.input("x", "steps", 1, inputs);
  g.tensor("first_axis", ints(0));
  [0, 1, 2, 3, 4].forEach((gate) => g.tensor(`at_${gate}`, ints(gate * hidden)));
  // PyTorch has input, forget, cell, output; ONNX input, output, forget, cell.
  const reordered = (name: string, width: number) => {
    const dims = width === 0 ? [4 * hidden] : [4 * hidden, width];
    g.tensor(name, floats(dims, random32(random, 4 * hidden * Math.max(1, width), spread)));
    const gates = [0, 3, 1, 2].map((gate, i) =>
      g.node("Slice", [name, `at_${gate}`, `at_${gate + 1}`, "first_axis"], `${name}_${i}`),
    );
    return g.node("Concat", gates, `${name}_all`, { axis: 0 });
  };
  const w = g.node("Unsqueeze", [reordered("w", inputs), "first_axis"], "W");
  const r = g.node("Unsqueeze", [reordered("r", hidden), "first_axis"], "R");
  const biases = [reordered("b", 0), reordered("c", 0)];
  const b = g.node("Unsqueeze", [g.node("Concat", biases, "bc", { axis: 0 }), "first_axis"], "B");
  g.node("LSTM", ["x", w, r, b], ["Y"], { hidden_size: hidden });
  g.tensor("one", ints(1));
  g.node("Squeeze", ["Y", "one"], "state");
  g.tensor("head", floats([hidden, outputs], random32(random, hidden * outputs, 0.5)));
  g.node("MatMul", ["state", "head"], "prediction");
  g.output("prediction", "steps", 1, outputs);
  return g.finish();
}
