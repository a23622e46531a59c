// A scorer's model in floating point: what training, ONNX import and evaluation hand over to be
// quantised. Plain arrays and no methods, so that each of them can make one however it likes.
//
// Inputs are in units of the calibration (1.0 is a standard deviation, Q12 in the filter), hidden
// states in [-1, 1]. All matrices are row-major, one row per gate unit or output; a row's columns
// are the D inputs, then the H hidden values.
//
//   lstm    z = W [x; h] + b, rows i, f, g, o:   c' = s(f) c + s(i) tanh(g),  h' = s(o) tanh(c')
//   gru     r, u = s(W [x; h] + b), rows r, u:   n = tanh(Wn x + bn + r (Un h + cn)),
//           (reset-after form)                   h' = (1 - u) n + u h
//   linear  latent = E [x_t; x_(t-1); ...] + e   over the last W vectors, the newest first
//   head    y = V [x; h'] + d                    linear: y = V latent + d
//
// Outputs of lstm and gru say something of the next vector; those of linear reconstruct the one
// that they were computed from.

import type { FloatTransformerLayer } from "./float-transformer";

/** What an output predicts of its feature, and so how its residual is taken. */
export type FloatOutput =
  /** The value; with `carry` the change from the current vector to the next. */
  | { readonly kind: "value"; readonly feature: number; readonly carry: boolean }
  /** The quantile at level tau in (0, 1), with `carry` of the change. */
  | {
      readonly kind: "quantile";
      readonly feature: number;
      readonly carry: boolean;
      readonly tau: number;
    }
  /** The logit of a probability. The feature is 0 at `zero` and 1 at `one`, in input units. */
  | {
      readonly kind: "logit";
      readonly feature: number;
      readonly zero: number;
      readonly one: number;
    };

/** The linear layer from inputs and hidden state to the outputs. */
export interface FloatHead {
  readonly outputs: readonly FloatOutput[];
  /** outputs * (inputs + hidden); of a linear model outputs * hidden. */
  readonly weights: Float64Array;
  /** One per output. */
  readonly biases: Float64Array;
}

interface FloatShape {
  /** D, length of a vector. */
  readonly inputs: number;
  /** H, length of the hidden state; of a linear model its latents. */
  readonly hidden: number;
  readonly head: FloatHead;
}

export interface FloatLstm extends FloatShape {
  readonly architecture: "lstm";
  /** 4H * (D + H), gates in the order input, forget, candidate, output (PyTorch's). */
  readonly gateWeights: Float64Array;
  /** 4H. */
  readonly gateBiases: Float64Array;
}

export interface FloatGru extends FloatShape {
  readonly architecture: "gru";
  /** 2H * (D + H), gates in the order reset, update (PyTorch's; ONNX has update first). */
  readonly gateWeights: Float64Array;
  /** 2H. */
  readonly gateBiases: Float64Array;
  /** H * D and H: the candidate from the inputs. */
  readonly candidateInputWeights: Float64Array;
  readonly candidateInputBiases: Float64Array;
  /** H * H and H: the candidate from the hidden state, before the reset gate takes its share. */
  readonly candidateHiddenWeights: Float64Array;
  readonly candidateHiddenBiases: Float64Array;
}

export interface FloatLinear extends FloatShape {
  readonly architecture: "linear";
  /** W, vectors that are looked at together, the current one included. */
  readonly window: number;
  /** H * (W * D), the newest vector's columns first. */
  readonly encoderWeights: Float64Array;
  /** H. */
  readonly encoderBiases: Float64Array;
}

export interface FloatTransformer extends FloatShape {
  readonly architecture: "transformer";
  /** Its formulas are float-transformer.ts's. */
  readonly layer: FloatTransformerLayer;
}

export type FloatModel = FloatLstm | FloatGru | FloatLinear | FloatTransformer;
