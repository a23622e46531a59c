// The detector for one scalar stream in TypeScript, written from assembly/statistics/stream-detector.ts and
// extremes.ts and record.ts.

import { EVIDENCE_MAX } from "../contract";
import { REACH_FREE, ReferenceSignal, type SignalTuning, isSignal } from "./reference-signal";

const fround = Math.fround;

const TUNING: SignalTuning = {
  fastWeight: fround(1 / 8),
  slowWeight: fround(1 / 300),
  driftFastWeight: fround(1 / 64),
  driftSlowWeight: fround(1 / 1000),
  hourWeight: fround(0.03),
  floor: fround(1e-9),
  reach: fround(REACH_FREE),
  risesOnly: false,
  guarded: false,
};

const MARGIN = fround(0.04);
const EXTREME_Q8 = 512;
const EXTREME_AFTER = 64;
const BLOCKS = 16;
const PER_BLOCK = 6;

/** Lets evidence through while it is above all of the last 91 to 96 values. */
export class ReferenceRecord {
  /** The last values in blocks, the newest last. */
  private readonly blocks: number[][] = [[]];

  step(evidence: number): number {
    const isRecord = this.blocks.every((block) => block.every((past) => past < evidence));
    if (this.blocks.at(-1)!.length === PER_BLOCK) this.blocks.push([]);
    if (this.blocks.length > BLOCKS) this.blocks.shift();
    this.blocks.at(-1)!.push(evidence);
    return isRecord && evidence > 0 ? evidence : 0;
  }
}

/** Range of all values so far. */
class Extremes {
  private lowest = Number.POSITIVE_INFINITY;
  private highest = Number.NEGATIVE_INFINITY;
  private seen = 0;

  /** Whether x is outside of the range by more than a margin. */
  step(x: number): boolean {
    const margin = fround(MARGIN * fround(this.highest - this.lowest));
    const outside = x > fround(this.highest + margin) || x < fround(this.lowest - margin);
    this.lowest = Math.min(this.lowest, x);
    this.highest = Math.max(this.highest, x);
    this.seen += 1;
    return outside && this.seen > EXTREME_AFTER;
  }
}

export class ReferenceStream {
  private readonly extremes = new Extremes();
  private readonly signal = new ReferenceSignal(true);
  private readonly record = new ReferenceRecord();

  /** Evidence of a value, Q8. @param dayMs NaN where the wall clock is not known */
  step(value: number, nowMs: number, dayMs: number): number {
    const x = fround(value);
    if (!isSignal(x)) return 0;
    const parts = this.signal.step(x, nowMs, dayMs, TUNING);
    const mean = Math.trunc(parts.reduce((sum, one) => sum + one, 0) / parts.length);
    return Math.min(EVIDENCE_MAX, mean + (this.extremes.step(x) ? EXTREME_Q8 : 0));
  }

  /** As step, but 0 for what is no record. */
  stepForRecords(x: number, nowMs: number, dayMs: number): number {
    return this.record.step(this.step(x, nowMs, dayMs));
  }
}
