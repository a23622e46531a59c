// What the trainer can fit: a network from windows of inputs to hidden states. The head on top of
// it (values, quantiles, logits; head.ts), the loss and the optimiser are the trainer's, the same
// for all architectures.
//
// Arrays are f32 and time-major, [steps][windows][columns]: all windows of a shard take a step
// together, so that each step is a matrix product. The arrays given to forward and backward are the
// same from call to call; a network on kernels holds its buffers in the kernels' memory.

import type { Prng } from "../lib/prng";

/** A run of parameters: `length` of them from `offset` on, `stride` apart. */
export interface ParameterRun {
  readonly offset: number;
  readonly stride: number;
  readonly length: number;
}

/**
 * Parameters that will share one int8 scale: a row of a matrix of the artifact, wherever its parts
 * lie here. The last phase of a training rounds each row as the quantiser will.
 */
export interface QuantisedRow {
  readonly weights: readonly ParameterRun[];
  /** Index of the row's bias, which limits the scale; undefined for a row without one. */
  readonly bias?: number;
}

export interface WindowShape {
  /** Steps of a window. */
  readonly steps: number;
  /** Windows that run side by side. */
  readonly windows: number;
}

export interface Trainable {
  readonly inputs: number;
  readonly hidden: number;
  readonly parameterCount: number;
  readonly quantisedRows: readonly QuantisedRow[];

  /** Fills the parameters with small random numbers. */
  initialise(parameters: Float32Array, random: Prng): void;

  /**
   * From a zero state through all steps; keeps what backward needs.
   * @param inputs [steps][windows][inputs]
   * @param hidden [steps][windows][hidden], written: the state after each step
   */
  forward(parameters: Float32Array, inputs: Float32Array, hidden: Float32Array): void;

  /**
   * Adds the gradient of the last forward to `gradient`.
   * @param hidden as forward wrote it
   * @param dHidden [steps][windows][hidden], the loss's derivative by `hidden`; may be overwritten
   * @param gradient as long as the parameters
   */
  backward(
    parameters: Float32Array,
    inputs: Float32Array,
    hidden: Float32Array,
    dHidden: Float32Array,
    gradient: Float32Array,
  ): void;
}
