// Runs a forecaster in doubles, one vector after another: what an import is compared with before
// it is rounded to integers. Not the trainer's forward pass, which takes windows and keeps a tape.

import { sigmoid, tanh } from "../model/exact-math";
import type { FloatGru, FloatLstm, FloatTransformer } from "../model/float-model";
import { FloatTransformerStream } from "../model/float-transformer";

export class FloatRunner {
  private hidden: Float64Array;
  private readonly cell: Float64Array;
  private readonly stream: FloatTransformerStream | undefined;

  constructor(private readonly model: FloatLstm | FloatGru | FloatTransformer) {
    if (model.architecture === "transformer") this.stream = new FloatTransformerStream(model.layer);
    this.hidden = new Float64Array(model.hidden);
    this.cell = new Float64Array(model.hidden);
  }

  /**
   * @param x one vector in units of the calibration
   * @returns what the head says after it, carries not yet added
   */
  step(x: ArrayLike<number>): Float64Array {
    this.hidden = this.advance(x);
    const { head } = this.model;
    return affine(head.weights, head.biases, x, this.hidden);
  }

  private advance(x: ArrayLike<number>): Float64Array {
    if (this.model.architecture === "lstm") return this.lstm(this.model, x);
    if (this.model.architecture === "gru") return this.gru(this.model, x);
    this.stream!.step(x);
    return this.stream!.hidden;
  }

  private lstm(model: FloatLstm, x: ArrayLike<number>): Float64Array {
    const { hidden } = model;
    const z = affine(model.gateWeights, model.gateBiases, x, this.hidden);
    return this.cell.map((cell, unit) => {
      const kept = sigmoid(z[hidden + unit]!) * cell;
      this.cell[unit] = kept + sigmoid(z[unit]!) * tanh(z[2 * hidden + unit]!);
      return sigmoid(z[3 * hidden + unit]!) * tanh(this.cell[unit]!);
    });
  }

  private gru(model: FloatGru, x: ArrayLike<number>): Float64Array {
    const { hidden } = model;
    const z = affine(model.gateWeights, model.gateBiases, x, this.hidden);
    const nothing = new Float64Array(0);
    const fromInput = affine(model.candidateInputWeights, model.candidateInputBiases, x, nothing);
    const fromHidden = affine(
      model.candidateHiddenWeights,
      model.candidateHiddenBiases,
      nothing,
      this.hidden,
    );
    return this.hidden.map((before, unit) => {
      const reset = sigmoid(z[unit]!);
      const update = sigmoid(z[hidden + unit]!);
      const candidate = tanh(fromInput[unit]! + reset * fromHidden[unit]!);
      return (1 - update) * candidate + update * before;
    });
  }
}

/** W [x; h] + b. */
function affine(
  weights: Float64Array,
  biases: Float64Array,
  x: ArrayLike<number>,
  h: Float64Array,
): Float64Array {
  const columns = x.length + h.length;
  return biases.map((bias, row) => {
    let sum = bias;
    const at = row * columns;
    for (let i = 0; i < x.length; i++) sum += weights[at + i]! * x[i]!;
    for (let i = 0; i < h.length; i++) sum += weights[at + x.length + i]! * h[i]!;
    return sum;
  });
}
