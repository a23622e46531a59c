// Causal attention over the last steps of each window, forward and backward: every step looks at itself
// and the `ring - 1` before it, as the filter's ring does. Plain loops and not the kernels' products:
// a band of 16 columns is a small part of a training step, and as full matrices most of it would be
// masked away.
//
//   score_a = q_t . k_(t-a) / sqrt(width) + bias[head][a],  p = softmax,  out_t = sum of p_a v_(t-a)

import { LN2 } from "../model/exact-math";
import type { TransformerShape } from "../model/quantised-transformer";
import type { WindowShape } from "./trainable";

/** 2^-k, and 1 / n!. */
const HALVES = Float64Array.from({ length: 1075 }, (_, k) => 2 ** -k);
const SERIES = [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((n) => {
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  return 1 / factorial;
});

/**
 * e^-x for x >= 0, relative error below 1e-13. Not exact-math's exp, whose divisions would take half the
 * training's time.
 */
function decay(x: number): number {
  const k = Math.round(x / LN2);
  if (!(k < HALVES.length)) return 0;
  const r = k * LN2 - x;
  let sum = SERIES[0]!;
  for (let i = 1; i < SERIES.length; i++) sum = sum * r + SERIES[i]!;
  return sum * HALVES[k]!;
}

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
    const { heads, ring } = this.layer;
    const { steps, windows } = this.shape;
    out.fill(0);
    for (let step = 0; step < steps; step++) {
      const ages = Math.min(step + 1, ring);
      for (let row = step * windows; row < (step + 1) * windows; row++) {
        for (let head = 0; head < heads; head++) {
          this.share(attended, bias, row, head, ages);
          this.mix(out, attended, row, head, ages);
        }
      }
    }
  }

  /** Sum of the values by their shares, of one row and head. */
  private mix(
    out: Float32Array,
    attended: Float32Array,
    row: number,
    head: number,
    ages: number,
  ): void {
    const { hidden, heads, ring } = this.layer;
    const { width, shares } = this;
    const stride = this.shape.windows * 3 * hidden;
    const to = row * hidden + head * width;
    let value = (3 * row + 2) * hidden + head * width;
    for (let age = 0; age < ages; age++, value -= stride) {
      const share = shares[(row * heads + head) * ring + age]!;
      for (let i = 0; i < width; i++) out[to + i] = out[to + i]! + share * attended[value + i]!;
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
    const { scores, shares, width } = this;
    const query = row * 3 * hidden + head * width;
    const stride = this.shape.windows * 3 * hidden;
    const root = 1 / Math.sqrt(width);
    let largest = -Infinity;
    let key = query + hidden;
    for (let age = 0; age < ages; age++, key -= stride) {
      let score = 0;
      for (let i = 0; i < width; i++) score += attended[query + i]! * attended[key + i]!;
      score = score * root + bias[head * ring + age]!;
      scores[age] = score;
      if (score > largest) largest = score;
    }
    let whole = 0;
    for (let age = 0; age < ages; age++) whole += scores[age] = decay(largest - scores[age]!);
    const at = (row * heads + head) * ring;
    for (let age = 0; age < ages; age++) shares[at + age] = scores[age]! / whole;
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
    const { width, shares, scores: dShares } = this;
    const stride = this.shape.windows * 3 * hidden;
    const query = row * 3 * hidden + head * width;
    const from = row * hidden + head * width;
    const at = (row * heads + head) * ring;
    let mean = 0;
    let value = query + 2 * hidden;
    for (let age = 0; age < ages; age++, value -= stride) {
      const share = shares[at + age]!;
      let d = 0;
      for (let i = 0; i < width; i++) {
        const dMixed = dOut[from + i]!;
        d += dMixed * attended[value + i]!;
        dAttended[value + i] = dAttended[value + i]! + share * dMixed;
      }
      dShares[age] = d;
      mean += share * d;
    }
    const root = 1 / Math.sqrt(width);
    let key = query + hidden;
    for (let age = 0; age < ages; age++, key -= stride) {
      const d = shares[at + age]! * (dShares[age]! - mean);
      dBias[head * ring + age] = dBias[head * ring + age]! + d;
      const scaled = d * root;
      for (let i = 0; i < width; i++) {
        dAttended[query + i] = dAttended[query + i]! + scaled * attended[key + i]!;
        dAttended[key + i] = dAttended[key + i]! + scaled * attended[query + i]!;
      }
    }
  }
}
