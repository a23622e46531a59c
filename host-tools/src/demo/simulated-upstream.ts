// An upstream without a socket: as many requests in service as there are slots, the others in a queue,
// service times by the rig's laws. A request draws from seed, upstream and its own number, exactly as
// rig/upstream does for `x-traffic-id`, so that it meets the same luck in both engines.

import { seededPrng } from "../lib/prng";
import { faultsAt, type Fault } from "../rig/upstream/fault-schedule";
import type { TokenCounts } from "../rig/upstream/latency-law";
import { planReply } from "../rig/upstream/reply-plan";
import type { EventQueue, SimulatedEvent } from "../lib/event-queue";
import type { DemoArm } from "./scenario";

export interface SimulatedJob {
  readonly id: number;
  readonly tokens: TokenCounts;
  readonly onAnswer: (atMs: number) => void;
  service: SimulatedEvent | undefined;
}

export class SimulatedUpstream {
  private inService = 0;
  private waiting: SimulatedJob[] = [];

  constructor(
    private readonly arm: DemoArm & { readonly faults: readonly Fault[] },
    private readonly seed: number,
    private readonly queue: EventQueue,
  ) {}

  /** Requests in service or waiting. */
  get inHand(): number {
    return this.inService + this.waiting.length;
  }

  /** @param onAnswer called with the time of the last byte */
  take(
    id: number,
    tokens: TokenCounts,
    nowMs: number,
    onAnswer: (atMs: number) => void,
  ): SimulatedJob {
    const job: SimulatedJob = { id, tokens, onAnswer, service: undefined };
    if (this.inService < this.arm.slots) this.serve(job, nowMs);
    else this.waiting.push(job);
    return job;
  }

  /** The client has gone: the slot or the place in the queue is free. */
  abandon(job: SimulatedJob, nowMs: number): void {
    if (job.service === undefined) {
      this.waiting = this.waiting.filter((one) => one !== job);
      return;
    }
    job.service.cancelled = true;
    this.leave(nowMs);
  }

  private serve(job: SimulatedJob, nowMs: number): void {
    this.inService++;
    const { law, name, faults } = this.arm;
    const fault = faultsAt(faults, nowMs);
    const prng = seededPrng(this.seed).fork(name + job.id);
    const { delayMs, perTokenMs } = planReply(law, fault, prng, job.tokens);
    const tokensMs = perTokenMs * job.tokens.output * fault.latencyFactor;
    const doneMs = nowMs + delayMs + tokensMs;
    job.service = this.queue.at(doneMs, () => {
      this.leave(doneMs);
      job.onAnswer(doneMs);
    });
  }

  private leave(nowMs: number): void {
    this.inService--;
    const next = this.waiting.shift();
    if (next !== undefined) this.serve(next, nowMs);
  }
}
