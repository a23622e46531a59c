// The Transformer's step once more, in TypeScript: the judge of the filter's kernels. Written from the
// rules in contract/transformer-sections.ts and not from the kernels: row-major weights, a plain list
// of past keys and values instead of an interleaved ring, doubles that stay exact instead of 64-bit
// integers. Every number must agree bit for bit.

import { NORM_EPSILON_Q20, TransformerMatrix } from "../contract";
import { multiplyQ15 } from "./activation-table";
import type { QuantisedTransformer } from "./quantised-transformer";
import { applyMatrix, saturate16 } from "./reference-math";
import { exp2Cubic, inverseRootTable, ROOT_STEPS, rootGains } from "./transformer-tables";

const ROOTS = inverseRootTable();
const GAINS = rootGains();
const CUBIC = exp2Cubic();

/** What a step leaves to later ones. */
interface PastStep {
  /** int8 each, all heads. */
  readonly key: Int8Array;
  readonly value: Int8Array;
}

/** r / sqrt(mean of r^2 + 2^-10), Q10 to Q13, saturating. */
export function normQ13(r: ArrayLike<number>): Int16Array {
  let total = r.length * NORM_EPSILON_Q20;
  for (let i = 0; i < r.length; i++) total += r[i]! * r[i]!;
  let power = 0;
  while (4 ** (power + 1) <= total) power++;
  const place = (total / 4 ** power) * ROOT_STEPS;
  const knot = Math.floor(place);
  const between = Math.floor((place - knot) * 32768);
  const first = ROOTS[knot - ROOT_STEPS]!;
  const step = ROOTS[knot - ROOT_STEPS + 1]! - first;
  const root = first + Math.floor((step * between + 16384) / 32768);
  const gain = GAINS[r.length / 8 - 1]!;
  const factor = Math.min(32767, Math.floor((root * gain + 32768) / 65536));
  const unit = 2 ** (power - 1);
  return Int16Array.from(r, (value) => saturate16(Math.floor((value * factor + unit / 2) / unit)));
}

/** 2^-x, Q11 to Q14; 0 from 15 on. */
export function exp2Q14(x: number): number {
  const octave = x >> 11;
  const t = (x - (octave << 11)) << 4;
  let y = CUBIC[3]!;
  for (let power = 2; power >= 0; power--) y = multiplyQ15(y, t) + CUBIC[power]!;
  return multiplyQ15(y, octave > 14 ? 0 : 2 ** (14 - octave));
}

/** Shares in Q15 from scores in Q14, powers of two. */
export function sharesQ15(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const weights = scores.map((score) =>
    exp2Q14(Math.min(32767, Math.floor((largest - score) / 8))),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  let octave = 14;
  while (2 ** (octave + 1) <= sum) octave++;
  const leading = Math.floor(sum / 2 ** (octave - 14));
  const reciprocal = Math.min(32767, Math.floor(2 ** 29 / leading));
  const half = 2 ** (octave - 1);
  return weights.map((weight) => Math.floor((weight * reciprocal + half) / 2 ** octave));
}

/** One key's stream through one layer. */
export class ReferenceTransformer {
  /** Q15, what the head reads. */
  hidden: Int16Array;
  /** Newest first. */
  private past: PastStep[] = [];

  constructor(readonly model: QuantisedTransformer) {
    this.hidden = new Int16Array(model.shape.hidden);
  }

  /** Forgets everything, as a fresh state does. */
  reset(): void {
    this.hidden = new Int16Array(this.model.shape.hidden);
    this.past = [];
  }

  /** @param x Q12, one per input */
  step(x: ArrayLike<number>): void {
    const { hidden, ring } = this.model.shape;
    let r = this.apply(TransformerMatrix.Embed, x);
    const attended = this.apply(TransformerMatrix.Attend, normQ13(r));
    const key = saturated8(attended.subarray(hidden, 2 * hidden));
    const value = saturated8(attended.subarray(2 * hidden));
    this.past = [{ key, value }, ...this.past].slice(0, ring);
    r = sum(r, this.apply(TransformerMatrix.Merge, this.mix(attended.subarray(0, hidden))));
    const expanded = this.apply(TransformerMatrix.Expand, normQ13(r)).map((u) => Math.max(0, u));
    r = sum(r, this.apply(TransformerMatrix.Contract, expanded));
    this.hidden = normQ13(r);
  }

  /** The values of the past, mixed by each head, in the value's unit times 256. */
  private mix(queries: Int16Array): Int16Array {
    const { hidden, heads, ring } = this.model.shape;
    const width = hidden / heads;
    const mixed = new Int16Array(hidden);
    for (let head = 0; head < heads; head++) {
      const shares = this.shares(queries, head * width, width, head * ring);
      for (let column = head * width; column < (head + 1) * width; column++) {
        let total = 0;
        for (let age = 0; age < shares.length; age++) {
          total += shares[age]! * this.past[age]!.value[column]!;
        }
        mixed[column] = saturate16(Math.floor((total + 64) / 128));
      }
    }
    return mixed;
  }

  private shares(queries: Int16Array, first: number, width: number, biasAt: number): number[] {
    const scores = this.past.map((step, age) => {
      let score = this.model.ageBias[biasAt + age]! * 8;
      for (let i = first; i < first + width; i++) score += queries[i]! * step.key[i]!;
      return score;
    });
    return sharesQ15(scores);
  }

  private apply(matrix: TransformerMatrix, x: ArrayLike<number>): Int16Array {
    return applyMatrix(this.model.matrices[matrix]!, [], 0, x);
  }
}

function saturated8(values: Int16Array): Int8Array {
  return Int8Array.from(values, (value) => Math.max(-128, Math.min(127, value)));
}

function sum(a: Int16Array, b: Int16Array): Int16Array {
  return Int16Array.from(a, (value, i) => saturate16(value + b[i]!));
}
