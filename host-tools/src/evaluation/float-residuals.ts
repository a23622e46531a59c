// What a member got wrong, sample by sample, in floating point: the forecaster's residuals are of the
// sample that it did not know yet, the autoencoder's of the sample that it was given. The filter's
// integers are held against these.

import type { FloatLinear, FloatModel } from "../model/float-model";
import { FloatRunner } from "../onnx/float-runner";
import type { ScaledSeries } from "./plain-scorers";

/** @returns one residual per sample and input; 0 where there was nothing to compare with yet */
export function floatResiduals(model: FloatModel, series: ScaledSeries): Float32Array {
  const residuals = new Float32Array(series.samples * series.inputs);
  const take = model.architecture === "linear" ? reconstruction(model) : forecast(model);
  const vector = new Float64Array(model.inputs);
  for (let row = 0; row < series.samples; row++) {
    const from = row * series.inputs;
    for (let i = 0; i < series.inputs; i++) vector[i] = series.values[from + i]!;
    const expected = take(vector);
    if (expected === undefined) continue;
    for (let i = 0; i < series.inputs; i++) residuals[from + i] = vector[i]! - expected[i]!;
  }
  return residuals;
}

/** Gives what was expected of a vector, by a model that has seen those before it. */
type Expectation = (vector: Float64Array) => Float64Array | undefined;

function forecast(model: Exclude<FloatModel, FloatLinear>): Expectation {
  const runner = new FloatRunner(model);
  let next: Float64Array | undefined;
  return (vector) => {
    const expected = next;
    next = runner.step(vector).map((value, output) => {
      const { feature, ...kind } = model.head.outputs[output]!;
      return "carry" in kind && kind.carry ? value + vector[feature]! : value;
    });
    return expected;
  };
}

function reconstruction(model: FloatLinear): Expectation {
  const { inputs, hidden, window, head } = model;
  /** The newest vector first. */
  const history = new Float64Array(window * inputs);
  let seen = 0;
  return (vector) => {
    history.copyWithin(inputs, 0);
    history.set(vector);
    seen += 1;
    if (seen < window) return undefined;
    const latents = Float64Array.from({ length: hidden }, (_, k) => {
      return model.encoderBiases[k]! + product(model.encoderWeights, k * history.length, history);
    });
    return head.biases.map(
      (bias, output) => bias + product(head.weights, output * hidden, latents),
    );
  };
}

function product(weights: Float64Array, from: number, values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += weights[from + i]! * values[i]!;
  return sum;
}
