// The detector for one scalar stream in TypeScript, written from assembly/statistics/stream-detector.ts and
// record.ts.

import { REACH_FREE, ReferenceSignal, type SignalTuning } from "./reference-signal";

const fround = Math.fround;

const TUNING: SignalTuning = {
  fastWeight: fround(1 / 8),
  slowWeight: fround(1 / 300),
  driftFastWeight: fround(1 / 64),
  driftSlowWeight: fround(1 / 1000),
  floor: fround(1e-9),
  reach: fround(REACH_FREE),
  risesOnly: false,
};

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

export class ReferenceStream {
  private readonly signal = new ReferenceSignal(true);
  private readonly record = new ReferenceRecord();

  /** Evidence of a value, Q8. @param dayMs NaN where the wall clock is not known */
  step(x: number, nowMs: number, dayMs: number): number {
    return this.signal.step(x, nowMs, dayMs, TUNING);
  }

  /** As step, but 0 for what is no record. */
  stepForRecords(x: number, nowMs: number, dayMs: number): number {
    return this.record.step(this.step(x, nowMs, dayMs));
  }
}
