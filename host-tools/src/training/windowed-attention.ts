// Causal attention over the last steps of each window, forward and backward: every step looks at itself
// and the `ring - 1` before it, as the filter's ring does. Plain loops and not the kernels' products:
// a band of 16 columns is a small part of a training step, and as full matrices most of it would be
// masked away.
//
//   score_a = q_t . k_(t-a) / sqrt(width) + bias[head][a],  p = softmax,  out_t = sum of p_a v_(t-a)

import { exp } from "../model/exact-math";
import type { TransformerShape } from "../model/quantised-transformer";
import type { WindowShape } from "./trainable";

export class WindowedAttention {
  /** Softmax of every row: [steps][windows][heads][ring]. */
  private readonly shares: Float64Array;
  private readonly scores: Float64Array;
  private readonly width: number;

  constructor(
    private readonly layer: TransformerShape,
    private readonly shape: WindowShape,
  ) {
    this.width = layer.hidden / layer.heads;
    this.shares = new Float64Array(shape.steps * shape.windows * layer.heads * layer.ring);
    this.scores = new Float64Array(layer.ring);
  }

  /**
   * @param out [steps][windows][d]
   * @param attended [steps][windows][3d]: queries, keys, values
   * @param bias [heads][ring]
   */
  forward(out: Float32Array, attended: Float32Array, bias: Float32Array): void {
    const { hidden, heads, ring } = this.layer;
    const { steps, windows } = this.shape;
    out.fill(0);
    for (let step = 0; step < steps; step++) {
      const ages = Math.min(step + 1, ring);
      for (let row = step * windows; row < (step + 1) * windows; row++) {
        for (let head = 0; head < heads; head++) {
          this.share(attended, bias, row, head, ages);
          const first = head * this.width;
          for (let age = 0; age < ages; age++) {
            const share = this.shares[(row * heads + head) * ring + age]!;
            const value = (row - age * windows) * 3 * hidden + 2 * hidden;
            for (let i = first; i < first + this.width; i++) {
              out[row * hidden + i] = out[row * hidden + i]! + share * attended[value + i]!;
            }
          }
        }
      }
    }
  }

  /** Softmax of one row and head. */
  private share(
    attended: Float32Array,
    bias: Float32Array,
    row: number,
    head: number,
    ages: number,
  ): void {
    const { hidden, heads, ring } = this.layer;
    const { scores, width } = this;
    const query = row * 3 * hidden + head * width;
    const root = 1 / Math.sqrt(width);
    let largest = -Infinity;
    for (let age = 0; age < ages; age++) {
      const key = query + hidden - age * this.shape.windows * 3 * hidden;
      let score = 0;
      for (let i = 0; i < width; i++) score += attended[query + i]! * attended[key + i]!;
      score = score * root + bias[head * ring + age]!;
      scores[age] = score;
      if (score > largest) largest = score;
    }
    let whole = 0;
    for (let age = 0; age < ages; age++) whole += scores[age] = exp(scores[age]! - largest);
    const at = (row * heads + head) * ring;
    for (let age = 0; age < ages; age++) this.shares[at + age] = scores[age]! / whole;
  }

  /**
   * After forward with the same `attended`.
   * @param dAttended [steps][windows][3d], written
   * @param dOut [steps][windows][d]
   * @param dBias [heads][ring], added to
   */
  backward(
    dAttended: Float32Array,
    dBias: Float32Array,
    dOut: Float32Array,
    attended: Float32Array,
  ): void {
    const { heads, ring } = this.layer;
    const { steps, windows } = this.shape;
    dAttended.fill(0);
    for (let step = 0; step < steps; step++) {
      const ages = Math.min(step + 1, ring);
      for (let row = step * windows; row < (step + 1) * windows; row++) {
        for (let head = 0; head < heads; head++) {
          this.backRow(dAttended, dBias, dOut, attended, row, head, ages);
        }
      }
    }
  }

  private backRow(
    dAttended: Float32Array,
    dBias: Float32Array,
    dOut: Float32Array,
    attended: Float32Array,
    row: number,
    head: number,
    ages: number,
  ): void {
    const { hidden, heads, ring } = this.layer;
    const { width, scores: dShares } = this;
    const stride = this.shape.windows * 3 * hidden;
    const query = row * 3 * hidden + head * width;
    const from = row * hidden + head * width;
    const at = (row * heads + head) * ring;
    let mean = 0;
    for (let age = 0; age < ages; age++) {
      const value = query + 2 * hidden - age * stride;
      const share = this.shares[at + age]!;
      let d = 0;
      for (let i = 0; i < width; i++) {
        d += dOut[from + i]! * attended[value + i]!;
        dAttended[value + i] = dAttended[value + i]! + share * dOut[from + i]!;
      }
      dShares[age] = d;
      mean += share * d;
    }
    const root = 1 / Math.sqrt(width);
    for (let age = 0; age < ages; age++) {
      const d = this.shares[at + age]! * (dShares[age]! - mean);
      dBias[head * ring + age] = dBias[head * ring + age]! + d;
      const key = query + hidden - age * stride;
      for (let i = 0; i < width; i++) {
        dAttended[query + i] = dAttended[query + i]! + d * root * attended[key + i]!;
        dAttended[key + i] = dAttended[key + i]! + d * root * attended[query + i]!;
      }
    }
  }
}
