// Virtual time. Nothing in the host reads the machine's clock: time moves only when the test or the
// simulator says so, timers fire at their exact instant, and two runs of a script are identical.

import { GanglionError } from "../lib/errors";

const TWO_32 = 4_294_967_296;

interface Timer {
  readonly owner: TimerOwner;
  readonly contextId: number;
  dueNs: number;
  order: number;
}

/** What a timer wakes; `rank` orders owners that are due at the same instant. */
export interface TimerOwner {
  readonly rank: number;
  tick(contextId: number): void;
}

export class VirtualClock {
  /** Nanoseconds since the start of the run; exact up to 104 days. */
  elapsedNs = 0;
  private readonly timers: Timer[] = [];
  private nextOrder = 0;

  /**
   * @param wallStartNs wall clock at the start, nanoseconds since the epoch
   * @param monotonicStartNs monotonic clock at the start
   */
  constructor(
    private readonly wallStartNs: bigint,
    private readonly monotonicStartNs: number,
  ) {}

  get monotonicNs(): number {
    return this.monotonicStartNs + this.elapsedNs;
  }

  get wallNs(): bigint {
    return this.wallAt(this.elapsedNs);
  }

  /** The wall clock `elapsedNs` after the start, in whole microseconds as Envoy's. */
  wallAt(elapsedNs: number): bigint {
    const wall = this.wallStartNs + BigInt(elapsedNs);
    return wall - (wall % 1_000n);
  }

  writeMonotonic(view: DataView, at: number): void {
    const ns = this.monotonicStartNs + this.elapsedNs;
    view.setUint32(at, ns % TWO_32, true);
    view.setUint32(at + 4, ns / TWO_32, true);
  }

  /** Envoy's system clock has microsecond resolution, so the last three digits are always zero. */
  writeWall(view: DataView, at: number): void {
    view.setBigUint64(at, this.wallNs, true);
  }

  /** (Re)arms the timer of one context; 0 disarms it. */
  setTimer(owner: TimerOwner, contextId: number, periodNs: number): void {
    const at = this.timers.findIndex((t) => t.owner === owner && t.contextId === contextId);
    if (at >= 0) this.timers.splice(at, 1);
    if (periodNs <= 0) return;
    const dueNs = this.elapsedNs + periodNs;
    this.timers.push({ owner, contextId, dueNs, order: this.nextOrder++ });
  }

  removeTimers(owner: TimerOwner): void {
    for (let i = this.timers.length - 1; i >= 0; i--) {
      if (this.timers[i]!.owner === owner) this.timers.splice(i, 1);
    }
  }

  /** Moves time forward and fires what comes due on the way, each at its own instant. */
  advance(ns: number, afterEach: () => void): void {
    if (!(ns >= 0) || !Number.isFinite(ns)) {
      throw new GanglionError("E_EMBEDDED_CLOCK", `cannot advance the clock by ${ns} ns`);
    }
    const targetNs = this.elapsedNs + Math.round(ns);
    if (this.timers.length > 0) this.fire(targetNs, afterEach);
    this.elapsedNs = targetNs;
  }

  private fire(targetNs: number, afterEach: () => void): void {
    for (let due = this.nextDue(targetNs); due !== undefined; due = this.nextDue(targetNs)) {
      this.timers.splice(this.timers.indexOf(due), 1);
      this.elapsedNs = due.dueNs;
      due.owner.tick(due.contextId);
      afterEach();
    }
  }

  private nextDue(targetNs: number): Timer | undefined {
    let best: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.dueNs <= targetNs && (best === undefined || isBefore(timer, best))) best = timer;
    }
    return best;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  if (a.dueNs !== b.dueNs) return a.dueNs < b.dueNs;
  return a.owner.rank !== b.owner.rank ? a.owner.rank < b.owner.rank : a.order < b.order;
}
