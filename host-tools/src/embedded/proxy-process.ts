// What all plugins of one Envoy process share: clock, randomness, shared data, queues, statistics
// and the log. One EmbeddedProxy makes its own; pass one to two proxies to run two plugins side by
// side (Istio's plugins share one key space that way).

import { seededPrng, type Prng } from "../lib/prng";
import { LogLevel, type LogLevelName } from "./abi";
import { VirtualClock } from "./clock";
import { HostLog } from "./host-log";
import { Metrics } from "./metrics";
import { SharedData, SharedQueues } from "./shared-data";

export interface ProcessOptions {
  /** Seed of random_get and of the reload back-off; default 1. */
  readonly seed?: number;
  /** Wall clock at the start, nanoseconds since the epoch; default 2026-01-01. */
  readonly startTimeNs?: bigint;
  /** Monotonic clock at the start, nanoseconds; default 3 600 s (a machine up for an hour). */
  readonly monotonicStartNs?: number;
  /** Lines below it are not kept; default "info", as Envoy's. */
  readonly logLevel?: LogLevelName;
  /** Lines kept at most; default 10 000. */
  readonly logLimit?: number;
}

export class ProxyProcess {
  readonly clock: VirtualClock;
  readonly prng: Prng;
  readonly sharedData = new SharedData();
  readonly sharedQueues = new SharedQueues();
  readonly metrics = new Metrics();
  readonly log: HostLog;
  readonly logLevel: number;
  private readonly vmsByVmId = new Map<string, number>();
  private nextRank = 0;

  constructor(options: ProcessOptions = {}) {
    this.prng = seededPrng(options.seed ?? 1);
    const wallNs = options.startTimeNs ?? 1_767_225_600_000_000_000n;
    this.clock = new VirtualClock(wallNs, options.monotonicStartNs ?? 3_600_000_000_000);
    this.log = new HostLog(options.logLimit ?? 10_000);
    this.logLevel = LogLevel[options.logLevel ?? "info"];
  }

  /** Order of VMs that are due at the same instant: order of creation. */
  takeRank(): number {
    return this.nextRank++;
  }

  /** Shared data lives while any VM of its vm_id does. */
  holdVmId(vmId: string): void {
    this.vmsByVmId.set(vmId, (this.vmsByVmId.get(vmId) ?? 0) + 1);
  }

  releaseVmId(vmId: string): void {
    const left = (this.vmsByVmId.get(vmId) ?? 1) - 1;
    this.vmsByVmId.set(vmId, left);
    if (left === 0) this.sharedData.deleteVmId(vmId);
  }

  /** Moves virtual time; ticks, call-outs and queue notices run on the way. */
  advance(ns: number): void {
    const queues = this.sharedQueues;
    this.clock.advance(ns, () => queues.deliver());
    if (queues.hasReady) queues.deliver();
  }
}
