// Rounds parameters as the quantiser will (model/quantiser.ts), in place and back to floating
// point: in the last phase of a training the loss is that of the rounded network, while the
// gradient goes to the numbers behind it, straight through the rounding (Bengio et al. 2013; Jacob
// et al. 2018).

import { BIAS_MAX } from "../contract";
import type { ParameterRun, QuantisedRow } from "./trainable";

const HIDDEN_ONE = 32768;
const SCALE_LEAST = 1e-9;

/** Rounds every row's weights to multiples of its scale. Biases have 32 bits and stay. */
export function fakeQuantise(parameters: Float32Array, rows: readonly QuantisedRow[]): void {
  for (const { weights, bias } of rows) {
    const bound = bias === undefined ? 0 : Math.abs(parameters[bias]!) * HIDDEN_ONE;
    const scale = Math.max(largest(parameters, weights) / 127, bound / (BIAS_MAX - 1), SCALE_LEAST);
    for (const { offset, stride, length } of weights) {
      for (let i = 0, at = offset; i < length; i++, at += stride) {
        const level = Math.max(-127, Math.min(127, Math.round(parameters[at]! / scale)));
        parameters[at] = level * scale;
      }
    }
  }
}

function largest(parameters: Float32Array, runs: readonly ParameterRun[]): number {
  let size = 0;
  for (const { offset, stride, length } of runs) {
    for (let i = 0, at = offset; i < length; i++, at += stride) {
      size = Math.max(size, Math.abs(parameters[at]!));
    }
  }
  return size;
}
