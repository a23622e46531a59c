// From an imported model to the project's own: columns put where the filter has its features, units
// turned into those of the calibration, the layer before folded into the gates, and the hidden state
// widened to whole SIMD registers by units that stay 0.

import { FEATURES, HIDDEN_MIN, OUTPUTS_MAX } from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";
import type { FloatHead, FloatModel, FloatOutput } from "../model/float-model";
import { type AffineMap, compose } from "./affine-map";
import { type OutputMeaning, parseInputs, parseOutputs } from "./feature-names";
import type { ImportedModel } from "./imported-model";

/** What the numbers at the graph's entry and exit are. */
export type OnnxUnit = "standardised" | "raw";

export interface ColumnMeaning {
  /** By column of the graph's input. */
  readonly inputs: readonly number[];
  /** By output. */
  readonly outputs: readonly OutputMeaning[];
  /** standardised: (raw - mean) / deviation by the traffic's own figures. */
  readonly unit: OnnxUnit;
}

export interface ColumnOptions {
  readonly inputs?: string | undefined;
  readonly outputs?: string | undefined;
  readonly unit?: OnnxUnit | undefined;
}

/** How raw features become the model's inputs: (raw - offset) / deviation. */
export interface Standardisation {
  readonly offsets: ArrayLike<number>;
  readonly deviations: ArrayLike<number>;
}

/**
 * What the columns mean: as the user says, else as the file's metadata says (`ganglion.inputs`,
 * `ganglion.outputs`, `ganglion.unit`), else all features in the filter's order.
 * @throws GanglionError E_ONNX_COLUMNS when names and columns differ in number, E_ONNX_FEATURE
 */
export function columnsOf(model: ImportedModel, options: ColumnOptions = {}): ColumnMeaning {
  const said = (name: "inputs" | "outputs" | "unit") =>
    options[name] ?? model.metadata.get(`ganglion.${name}`);
  const all = Array.from({ length: FEATURES }, (_, feature) => feature);
  const inputs = said("inputs") === undefined ? all : parseInputs(said("inputs")!);
  const everyValue = all.map((feature): OutputMeaning => {
    return { feature, carry: false, kind: "value", tau: 0 };
  });
  const outputs = said("outputs") === undefined ? everyValue : parseOutputs(said("outputs")!);
  checkCount("input", model.inputs, inputs.length);
  checkCount("output", model.head.rows, outputs.length);
  if (outputs.length > OUTPUTS_MAX) {
    throw columns(`the model has ${outputs.length} outputs; supported: up to ${OUTPUTS_MAX}`);
  }
  const unit = said("unit") ?? "standardised";
  if (unit !== "standardised" && unit !== "raw") {
    throw columns(`the unit is "${unit}"; known: standardised, raw`);
  }
  outputs.forEach(({ kind }, i) => {
    if (!model.logistic[i] || kind === "logit") return;
    throw columns(`output ${i} ends in a Sigmoid and is not named a logit`);
  });
  return { inputs, outputs, unit };
}

function checkCount(what: string, actual: number, named: number): void {
  if (actual === named) return;
  throw columns(`the model has ${actual} ${what}s, ${named} are named`);
}

function columns(problem: string): GanglionError {
  return new GanglionError("E_ONNX_COLUMNS", problem, {
    hint: "Name every column with --inputs and --outputs, or in the file's metadata.",
    exitCode: ExitCode.badInput,
  });
}

/** The model in the units of the calibration, D = FEATURES, H a multiple of 8. */
export function toFloatModel(
  model: ImportedModel,
  meaning: ColumnMeaning,
  standardisation: Standardisation,
): FloatModel {
  const { layer } = model;
  const hidden = Math.max(HIDDEN_MIN, Math.ceil(layer.hidden / 8) * 8);
  const gateCount = layer.inputBiases.length / layer.hidden;
  const entry = entryMap(model, meaning, standardisation);
  const fromInputs = compose(
    layer.inputWeights,
    gateCount * layer.hidden,
    compose(model.before.weights, model.before.rows, entry, model.before.biases),
    layer.inputBiases,
  );
  const shape = { inputs: FEATURES, hidden };
  const head = headOf(model, meaning, standardisation, entry, hidden);
  const pick = new GatePicker(layer.hidden, hidden);
  const { hiddenWeights: u, hiddenBiases: c } = layer;
  const { weights: w, biases: b } = fromInputs;
  if (layer.architecture === "lstm") {
    return {
      architecture: "lstm",
      ...shape,
      head,
      gateWeights: pick.joined(w, FEATURES, u, 0, 4),
      gateBiases: pick.biases(b, c, 0, 4),
    };
  }
  return {
    architecture: "gru",
    ...shape,
    head,
    gateWeights: pick.joined(w, FEATURES, u, 0, 2),
    gateBiases: pick.biases(b, c, 0, 2),
    candidateInputWeights: pick.rows(w, FEATURES, FEATURES, 2),
    candidateInputBiases: pick.rows(b, 1, 1, 2),
    candidateHiddenWeights: pick.rows(u, layer.hidden, hidden, 2),
    candidateHiddenBiases: pick.rows(c, 1, 1, 2),
  };
}

/** From calibrated features to the graph's columns. */
function entryMap(
  model: ImportedModel,
  { inputs, unit }: ColumnMeaning,
  { offsets, deviations }: Standardisation,
): AffineMap {
  const weights = new Float64Array(model.inputs * FEATURES);
  const biases = new Float64Array(model.inputs);
  inputs.forEach((feature, column) => {
    weights[column * FEATURES + feature] = unit === "raw" ? deviations[feature]! : 1;
    if (unit === "raw") biases[column] = offsets[feature]!;
  });
  return { rows: model.inputs, columns: FEATURES, weights, biases };
}

function headOf(
  model: ImportedModel,
  { outputs, unit }: ColumnMeaning,
  { offsets, deviations }: Standardisation,
  entry: AffineMap,
  hidden: number,
): FloatHead {
  const { head, inputs, layer } = model;
  const columnCount = FEATURES + hidden;
  const weights = new Float64Array(outputs.length * columnCount);
  const biases = new Float64Array(outputs.length);
  outputs.forEach(({ feature, carry, kind }, row) => {
    // From the model's unit to deviations of the feature; a logit has none.
    const isRaw = unit === "raw" && kind !== "logit";
    const factor = isRaw ? 1 / deviations[feature]! : 1;
    const shift = isRaw && !carry ? -offsets[feature]! * factor : 0;
    const from = row * head.columns;
    const to = row * columnCount;
    let bias = head.biases[row]!;
    for (let column = 0; column < inputs; column++) {
      const weight = head.weights[from + column]!;
      bias += weight * entry.biases[column]!;
      for (let i = 0; i < FEATURES; i++) {
        weights[to + i] =
          weights[to + i]! + factor * weight * entry.weights[column * FEATURES + i]!;
      }
    }
    for (let unitIndex = 0; unitIndex < layer.hidden; unitIndex++) {
      weights[to + FEATURES + unitIndex] = factor * head.weights[from + inputs + unitIndex]!;
    }
    biases[row] = factor * bias + shift;
  });
  const described = outputs.map((output) => describe(output, offsets, deviations));
  return { outputs: described, weights, biases };
}

function describe(
  { feature, carry, kind, tau }: OutputMeaning,
  offsets: ArrayLike<number>,
  deviations: ArrayLike<number>,
): FloatOutput {
  if (kind === "value") return { kind, feature, carry };
  if (kind === "quantile") return { kind, feature, carry, tau };
  const inUnits = (raw: number) => (raw - offsets[feature]!) / deviations[feature]!;
  return { kind, feature, zero: inUnits(0), one: inUnits(1) };
}

/** Takes gates out of stacked matrices and widens each from `from` units to `to`, with zeros. */
class GatePicker {
  constructor(
    private readonly from: number,
    private readonly to: number,
  ) {}

  /** Rows of one gate. */
  rows(matrix: Float64Array, columns: number, width: number, gate: number): Float64Array {
    const out = new Float64Array(this.to * width);
    for (let unit = 0; unit < this.from; unit++) {
      const at = (gate * this.from + unit) * columns;
      out.set(matrix.subarray(at, at + columns), unit * width);
    }
    return out;
  }

  /** [W U] of gates first to last - 1. */
  joined(
    w: Float64Array,
    inputs: number,
    u: Float64Array,
    first: number,
    last: number,
  ): Float64Array {
    const width = inputs + this.to;
    const out = new Float64Array((last - first) * this.to * width);
    for (let gate = first; gate < last; gate++) {
      for (let unit = 0; unit < this.from; unit++) {
        const row = gate * this.from + unit;
        const to = ((gate - first) * this.to + unit) * width;
        out.set(w.subarray(row * inputs, (row + 1) * inputs), to);
        out.set(u.subarray(row * this.from, (row + 1) * this.from), to + inputs);
      }
    }
    return out;
  }

  /** The two biases of gates first to last - 1, added. */
  biases(b: Float64Array, c: Float64Array, first: number, last: number): Float64Array {
    const out = new Float64Array((last - first) * this.to);
    for (let gate = first; gate < last; gate++) {
      for (let unit = 0; unit < this.from; unit++) {
        const row = gate * this.from + unit;
        out[(gate - first) * this.to + unit] = b[row]! + c[row]!;
      }
    }
    return out;
  }
}
