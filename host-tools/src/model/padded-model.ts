// Vectors and hidden states are whole SIMD registers: a model of other lengths is filled up with
// inputs that nothing looks at and units that nothing reads. It computes what it did.

import { HIDDEN_MAX, INPUTS_MAX } from "../contract";
import { GanglionError } from "../lib/errors";
import type { FloatModel } from "./float-model";

const whole = (length: number): number => 8 * Math.ceil(length / 8);

/**
 * The model with inputs and hidden state of multiples of 8; itself where they are.
 * @throws GanglionError E_MODEL_SHAPE when it is too large for the kernels
 */
export function paddedModel(model: FloatModel): FloatModel {
  const inputs = whole(model.inputs);
  const hidden = whole(model.hidden);
  for (const [name, length, most] of [
    ["inputs", inputs, INPUTS_MAX],
    ["hidden units", hidden, HIDDEN_MAX],
  ] as const) {
    if (length >= 1 && length <= most) continue;
    throw new GanglionError("E_MODEL_SHAPE", `the model has ${length} ${name}, at most ${most}`, {
      hint: "Train a smaller model, or choose fewer features.",
    });
  }
  if (inputs === model.inputs && hidden === model.hidden) return model;
  const padding = new Padding(model.inputs, inputs, model.hidden, hidden);
  const { outputs, weights, biases } = model.head;
  const both = [padding.inputs, padding.hidden];
  const columns = model.architecture === "linear" ? [padding.hidden] : both;
  const rows = [{ from: outputs.length, to: outputs.length }];
  const head = { outputs, weights: pad(weights, rows, columns), biases };
  return padBody(model, padding, inputs, hidden, head);
}

/** A run of rows or columns and what it becomes. */
interface Run {
  readonly from: number;
  readonly to: number;
}

class Padding {
  readonly inputs: Run;
  readonly hidden: Run;

  constructor(inputs: number, inputsPadded: number, hidden: number, hiddenPadded: number) {
    this.inputs = { from: inputs, to: inputsPadded };
    this.hidden = { from: hidden, to: hiddenPadded };
  }
}

function padBody(
  model: FloatModel,
  { inputs: x, hidden: h }: Padding,
  inputs: number,
  hidden: number,
  head: FloatModel["head"],
): FloatModel {
  const one = [{ from: 1, to: 1 }];
  const times = (run: Run, count: number) => Array.from({ length: count }, () => run);
  switch (model.architecture) {
    case "lstm":
      return {
        ...model,
        inputs,
        hidden,
        head,
        gateWeights: pad(model.gateWeights, times(h, 4), [x, h]),
        gateBiases: pad(model.gateBiases, times(h, 4), one),
      };
    case "gru":
      return {
        ...model,
        inputs,
        hidden,
        head,
        gateWeights: pad(model.gateWeights, times(h, 2), [x, h]),
        gateBiases: pad(model.gateBiases, times(h, 2), one),
        candidateInputWeights: pad(model.candidateInputWeights, [h], [x]),
        candidateInputBiases: pad(model.candidateInputBiases, [h], one),
        candidateHiddenWeights: pad(model.candidateHiddenWeights, [h], [h]),
        candidateHiddenBiases: pad(model.candidateHiddenBiases, [h], one),
      };
    case "linear":
      return {
        ...model,
        inputs,
        hidden,
        head,
        encoderWeights: pad(model.encoderWeights, [h], times(x, model.window)),
        encoderBiases: pad(model.encoderBiases, [h], one),
      };
    case "transformer":
      return padTransformer(model, x, inputs, hidden, head);
  }
}

/** Inputs only: a norm over units of padding would be another one. */
function padTransformer(
  model: Extract<FloatModel, { architecture: "transformer" }>,
  x: Run,
  inputs: number,
  hidden: number,
  head: FloatModel["head"],
): FloatModel {
  if (hidden !== model.hidden) {
    throw new GanglionError(
      "E_MODEL_SHAPE",
      `a Transformer of ${model.hidden} hidden values cannot be filled up to ${hidden}`,
      { hint: "Train it with a multiple of 8." },
    );
  }
  const { layer } = model;
  const rows = [{ from: hidden, to: hidden }];
  const matrices = layer.matrices.map((matrix, i) =>
    i === 0 ? { weights: pad(matrix.weights, rows, [x]), biases: matrix.biases } : matrix,
  );
  const padded = { ...layer, shape: { ...layer.shape, inputs }, matrices };
  return { ...model, inputs, hidden, head, layer: padded };
}

/** A row-major matrix with zeros at the end of every run of rows and columns. */
function pad(matrix: Float64Array, rows: readonly Run[], columns: readonly Run[]): Float64Array {
  const width = (runs: readonly Run[], end: "from" | "to") =>
    runs.reduce((sum, run) => sum + run[end], 0);
  const columnsTo = width(columns, "to");
  const out = new Float64Array(width(rows, "to") * columnsTo);
  let from = 0;
  let rowBase = 0;
  for (const rowRun of rows) {
    for (let row = 0; row < rowRun.from; row++) {
      let at = (rowBase + row) * columnsTo;
      for (const columnRun of columns) {
        out.set(matrix.subarray(from, from + columnRun.from), at);
        from += columnRun.from;
        at += columnRun.to;
      }
    }
    rowBase += rowRun.to;
  }
  return out;
}
