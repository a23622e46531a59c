// The training kernels that a Transformer needs, in doubles: finite differences of f32 sums are mostly
// rounding.

import { exp } from "../../../host-tools/src/model/exact-math";
import {
  type AttentionShape,
  attentionBackward,
  attentionForward,
} from "../../../host-tools/src/training/attention-reference";
import type { TrainingKernels } from "../../../host-tools/src/training/kernels";
import { ReferenceKernels } from "../../../host-tools/src/training/kernels-reference";

const DOUBLE = { round: (value: number) => value, exponential: exp };

export class DoubleKernels extends ReferenceKernels implements TrainingKernels {
  /** Doubles under the name of floats: whoever only reads and writes numbers sees no difference. */
  override allocate(length: number): Float32Array {
    return new Float64Array(length) as unknown as Float32Array;
  }

  override product(
    out: Float32Array,
    a: Float32Array,
    b: Float32Array,
    m: number,
    k: number,
    n: number,
    adds: boolean,
  ): void {
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let sum = adds ? out[row * n + column]! : 0;
        for (let i = 0; i < k; i++) sum += a[row * k + i]! * b[i * n + column]!;
        out[row * n + column] = sum;
      }
    }
  }

  override productOfTransposed(
    out: Float32Array,
    a: Float32Array,
    b: Float32Array,
    k: number,
    m: number,
    n: number,
  ): void {
    for (let row = 0; row < m; row++) {
      for (let column = 0; column < n; column++) {
        let sum = out[row * n + column]!;
        for (let i = 0; i < k; i++) sum += a[i * m + row]! * b[i * n + column]!;
        out[row * n + column] = sum;
      }
    }
  }

  override attentionForward(
    out: Float32Array,
    attended: Float32Array,
    bias: Float32Array,
    shares: Float32Array,
    shape: AttentionShape,
  ): void {
    attentionForward(DOUBLE, out, attended, bias, shares, shape);
  }

  override attentionBackward(
    dAttended: Float32Array,
    dBias: Float32Array,
    dOut: Float32Array,
    attended: Float32Array,
    shares: Float32Array,
    shape: AttentionShape,
  ): void {
    attentionBackward(DOUBLE, dAttended, dBias, dOut, attended, shares, shape);
  }
}
