// The online tail probability in TypeScript, written from the rules at the head of
// assembly/statistics/tail.ts: every operation rounded to 32 bits, so that a test can hold both together bit
// for bit.

import { EVIDENCE_MAX } from "../contract";
import { log2 } from "../model/feature-math";

const fround = Math.fround;

const BINS = 48;
const TOTAL_MAX = 4000;
const WARM_UP = 16;
const ENOUGH = 5;
const KNOT_SHARE = fround(0.02);
const SCALE_MIN = 0.125;
const VALUE_MAX = 1e6;
const OCTAVE_Q8 = fround(256 * Math.log10(2));
const NEPER_Q8 = fround(256 * Math.LOG10E);

/** Lower edges of the bins, and the upper one of the last: quarters of octaves, linear inside one. */
const EDGES = Float64Array.from({ length: BINS + 1 }, (_, bin) =>
  bin === 0 ? 0 : 2 ** (Math.floor(bin / 4) - 6) * (1 + (bin % 4) / 4),
);

export class ReferenceTail {
  readonly counts = new Uint16Array(BINS);
  private rareInARow = 0;

  /** Judges a value by those before it, then counts it; evidence in Q8. */
  step(value: number, guarded: boolean): number {
    if (!(value >= 0)) return 0;
    const x = Math.min(value, VALUE_MAX);
    const bin = Math.max(
      0,
      EDGES.findLastIndex((edge, i) => i < BINS && x >= edge),
    );
    const evidence = this.total < WARM_UP ? 0 : this.evidence(x, bin);
    this.rareInARow = evidence < 640 ? 0 : this.rareInARow + 1;
    // The first of a run, the 17th, the 33rd ...
    if (guarded && this.rareInARow > 0 && this.rareInARow % 16 !== 1) return evidence;
    this.counts[bin]! += 1;
    if (this.total >= TOTAL_MAX) this.counts.forEach((n, i) => (this.counts[i] = n >> 1));
    return evidence;
  }

  get total(): number {
    return this.counts.reduce((sum, n) => sum + n, 0);
  }

  /** Values in this bin and those above. */
  private from(bin: number): number {
    return this.counts.subarray(bin).reduce((sum, n) => sum + n, 0);
  }

  private evidence(x: number, bin: number): number {
    const [low, high] = [EDGES[bin]!, EDGES[bin + 1]!];
    const inside = Math.min(1, fround(fround(x - low) / fround(high - low)));
    const own = fround(this.counts[bin]! * fround(1 - inside));
    const rest = fround(this.from(bin + 1) + own);
    const all = log2(this.total + 1);
    const counted = fround(OCTAVE_Q8 * fround(all - log2(fround(Math.max(rest, ENOUGH) + 0.5))));
    const found = rest < ENOUGH ? Math.max(counted, this.beyond(x, all)) : counted;
    return Math.trunc(Math.max(0, Math.min(found, EVIDENCE_MAX)));
  }

  private beyond(x: number, all: number): number {
    const need = Math.max(ENOUGH, fround(this.total * KNOT_SHARE));
    let knot = BINS - 1;
    while (knot > 0 && this.from(knot) < need) knot -= 1;
    const low = EDGES[knot]!;
    let excess = 0.25;
    for (let i = knot; i < BINS; i++) {
      const middle = fround(fround(EDGES[i]! + EDGES[i + 1]!) * 0.5);
      excess = fround(excess + fround(this.counts[i]! * fround(middle - low)));
    }
    const above = this.from(knot);
    const scale = Math.max(SCALE_MIN, fround(excess / (above + 1)));
    const nepers = Math.max(0, fround(fround(x - low) / scale));
    const atKnot = fround(OCTAVE_Q8 * fround(all - log2(fround(above + 0.5))));
    return fround(atKnot + fround(nepers * NEPER_Q8));
  }
}
