// An arm without a socket, as rig/upstream is one with: slots and a queue, service times by the rig's
// laws, faults by its schedules, first and last byte apart. Unlike the demo's simulated upstream it
// lives through hours of weather, so the faults in force are kept between their edges.

import type { EventQueue } from "../lib/event-queue";
import { seededPrng } from "../lib/prng";
import { faultsAt, type Fault, type FaultState } from "../rig/upstream/fault-schedule";
import type { TokenCounts } from "../rig/upstream/latency-law";
import { planReply } from "../rig/upstream/reply-plan";
import type { SuiteArm } from "./suite-routes";

export interface ArmJob {
  /** The request's number: an arm draws from seed, its own name and this. */
  readonly id: number;
  readonly tokens: TokenCounts;
  readonly isStream: boolean;
  readonly onFirstByte: (status: number) => void;
  readonly onLastByte: () => void;
}

/** The faults of one schedule, looked up at ascending times. */
class FaultClock {
  private readonly byStart: readonly Fault[];
  private next = 0;
  private active: Fault[] = [];
  private changesMs = -Infinity;
  private state: FaultState = faultsAt([], NaN);

  constructor(private readonly faults: readonly Fault[]) {
    this.byStart = [...faults].sort((x, y) => x.atMs - y.atMs);
  }

  at(nowMs: number): FaultState {
    if (nowMs < this.changesMs) return this.state;
    this.active = this.active.filter((fault) => fault.untilMs > nowMs);
    while (this.next < this.byStart.length && this.byStart[this.next]!.atMs <= nowMs) {
      const fault = this.byStart[this.next++]!;
      if (fault.untilMs > nowMs) this.active.push(fault);
    }
    // The schedule's own order decides which fault wins.
    const order = (fault: Fault): number => this.faults.indexOf(fault);
    const active = [...this.active].sort((x, y) => order(x) - order(y));
    this.state = faultsAt(active, nowMs);
    const ends = this.active.map((fault) => fault.untilMs);
    this.changesMs = Math.min(...ends, this.byStart[this.next]?.atMs ?? Infinity);
    return this.state;
  }
}

export class SimulatedArm {
  private readonly clock: FaultClock;
  private readonly waiting: ArmJob[] = [];
  private inService = 0;

  constructor(
    private readonly arm: SuiteArm,
    /** Of the status that this arm always gives; undefined for an ordinary arm. */
    private readonly answer: number | undefined,
    faults: readonly Fault[],
    private readonly seed: number,
    private readonly queue: EventQueue,
  ) {
    this.clock = new FaultClock(faults);
  }

  take(job: ArmJob, nowMs: number): void {
    if (this.inService < this.arm.slots) this.serve(job, nowMs);
    else this.waiting.push(job);
  }

  private serve(job: ArmJob, nowMs: number): void {
    this.inService++;
    const fault = this.clock.at(nowMs);
    const prng = seededPrng(this.seed).fork(this.arm.name + job.id);
    const plan = planReply(this.arm.law, fault, prng, job.tokens);
    const isGood = plan.kind === "answer";
    const tokenMs = plan.perTokenMs * fault.latencyFactor * fault.tokenFactor;
    const decodeMs = isGood ? tokenMs * Math.max(0, job.tokens.output - 1) : 0;
    const lastMs = nowMs + plan.delayMs + decodeMs;
    const firstMs = job.isStream ? nowMs + plan.delayMs : lastMs;
    const status = this.answer ?? plan.status;
    if (firstMs < lastMs) this.queue.at(firstMs, () => job.onFirstByte(status));
    this.queue.at(lastMs, () => {
      if (firstMs >= lastMs) job.onFirstByte(status);
      job.onLastByte();
      this.inService--;
      const next = this.waiting.shift();
      if (next !== undefined) this.serve(next, lastMs);
    });
  }
}
