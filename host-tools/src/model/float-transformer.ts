// A Transformer layer in floating point: what training hands over to be quantised, and its step in
// doubles, from which quantisation errors are measured. The formulas are those of
// assembly/contract/transformer-sections.ts in natural units:
//
//   r  = embed x + b                                   x in deviations
//   n  = norm(r);   q, k, v = attend n + b             rows: queries, keys, values; head j has columns
//                                                      j d/heads ...
//   p  = softmax over the last `ring` steps of q . k_t / sqrt(d/heads) + bias[head][age]
//   r += merge (sum of p_t v_t) + b
//   n  = norm(r);   r += contract relu(expand n + b) + b
//   h  = norm(r) / 4,  in [-1, 1]
//   norm(r) = r / sqrt(mean of r^2 + 2^-10), clamped to [-4, 4]
//
// The clamp is part of the model and not an accident of its integers: the hidden state has to fit
// Q15, and with at most 16 hidden values it is never reached (a norm is at most sqrt(d)).

import { NORM_EPSILON_Q20, TransformerMatrix } from "../contract";
import { exp } from "./exact-math";
import type { TransformerShape } from "./quantised-transformer";

/** Added to the mean square under the root. */
export const NORM_EPSILON = NORM_EPSILON_Q20 / 2 ** 20;
/** Largest normalised value. */
export const NORM_MAX = 4;

export interface FloatMatrix {
  /** Row-major, rows * columns. */
  readonly weights: Float64Array;
  /** One per row. */
  readonly biases: Float64Array;
}

export interface FloatTransformerLayer {
  readonly shape: TransformerShape;
  /** [heads][ring], age 0 (the present step) first; added to the score before the softmax. */
  readonly ageBias: Float64Array;
  /** By TransformerMatrix: embed d * D, attend 3d * d, merge d * d, expand F * d, contract d * F. */
  readonly matrices: readonly FloatMatrix[];
}

/** The root mean square norm, clamped. */
export function norm(r: Float64Array): Float64Array {
  let sum = 0;
  for (const value of r) sum += value * value;
  const root = Math.sqrt(sum / r.length + NORM_EPSILON);
  return r.map((value) => Math.max(-NORM_MAX, Math.min(NORM_MAX, value / root)));
}

/** One key's stream through a layer, in doubles. */
export class FloatTransformerStream {
  /** In [-1, 1], what the head reads. */
  hidden: Float64Array;
  /** Newest first: keys and values of the ring's steps. */
  private keys: Float64Array[] = [];
  private values: Float64Array[] = [];

  constructor(readonly layer: FloatTransformerLayer) {
    this.hidden = new Float64Array(layer.shape.hidden);
  }

  /** @param x in deviations, one per input */
  step(x: ArrayLike<number>): void {
    const { hidden, ring } = this.layer.shape;
    const r = this.apply(TransformerMatrix.Embed, x);
    const attended = this.apply(TransformerMatrix.Attend, norm(r));
    this.keys = [attended.slice(hidden, 2 * hidden), ...this.keys].slice(0, ring);
    this.values = [attended.slice(2 * hidden), ...this.values].slice(0, ring);
    add(r, this.apply(TransformerMatrix.Merge, this.mix(attended)));
    const expanded = this.apply(TransformerMatrix.Expand, norm(r)).map((u) => Math.max(0, u));
    add(r, this.apply(TransformerMatrix.Contract, expanded));
    this.hidden = norm(r).map((value) => value / NORM_MAX);
  }

  private mix(queries: Float64Array): Float64Array {
    const { hidden, heads, ring } = this.layer.shape;
    const width = hidden / heads;
    const mixed = new Float64Array(hidden);
    for (let head = 0; head < heads; head++) {
      const first = head * width;
      const scores = this.keys.map((key, age) => {
        let score = 0;
        for (let i = first; i < first + width; i++) score += queries[i]! * key[i]!;
        return score / Math.sqrt(width) + this.layer.ageBias[head * ring + age]!;
      });
      const largest = Math.max(...scores);
      const weights = scores.map((score) => exp(score - largest));
      const whole = weights.reduce((a, b) => a + b, 0);
      this.values.forEach((value, age) => {
        const share = weights[age]! / whole;
        for (let i = first; i < first + width; i++) mixed[i] = mixed[i]! + share * value[i]!;
      });
    }
    return mixed;
  }

  private apply(matrix: TransformerMatrix, x: ArrayLike<number>): Float64Array {
    const { weights, biases } = this.layer.matrices[matrix]!;
    const columns = weights.length / biases.length;
    return biases.map((bias, row) => {
      let sum = bias;
      for (let i = 0; i < columns; i++) sum += weights[row * columns + i]! * x[i]!;
      return sum;
    });
  }
}

function add(r: Float64Array, change: Float64Array): void {
  for (let i = 0; i < r.length; i++) r[i] = r[i]! + change[i]!;
}
