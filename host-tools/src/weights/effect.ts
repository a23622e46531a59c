// Whether new weights act in a proxy: every one of its VMs is alive and has the epoch. The filter
// never rejects a configuration (docs/decisions/0007), and a trapped one is bypassed in silence, so
// that Envoy's own statistics say nothing; what a worker itself publishes, and that it goes on
// publishing, is the only sign.
//
// Envoy runs one VM per worker and one on the main thread. A VM that has gone leaves its gauges
// behind, standing still: numbers alone prove nothing, living ones are counted against the threads.

import type { ProxyReading, WorkerReading } from "./metrics-page";

/** Heartbeats of one machine's clock that lag by more are dead; a tick writes them twice a second. */
export const HEARTBEAT_LAG_S_MAX = 4;

export type Effect =
  | { readonly effective: true; readonly vms: number }
  | {
      readonly effective: false;
      readonly reason: string;
      /** True where a VM is dead: only another VM key is sure to bring it back. */
      readonly dead: boolean;
    };

export interface EffectQuestion {
  readonly epoch: number;
  /** True where no worker of the proxy has ticked for so long that all must be dead. */
  readonly silent?: boolean;
  readonly now: ProxyReading;
}

/** Judges one proxy. */
export function judgeEffect({ epoch, now, silent = false }: EffectQuestion): Effect {
  const { workers } = now;
  if (workers.size === 0) {
    return no("it publishes no metrics of the filter: the filter is not loaded there");
  }
  const newestS = newestHeartbeatS(now);
  const alive = [...workers].filter(([, { heartbeatS }]) => isAlive(heartbeatS, newestS));
  if (silent) {
    return no("no worker gives a sign of life: the filter is off there", true);
  }
  const behind = alive.filter(([, worker]) => worker.epoch < epoch);
  if (behind.length > 0) return no(behindReason(behind, epoch, now));
  const expected = now.concurrency === undefined ? workers.size : now.concurrency + 1;
  if (alive.length < expected) {
    const dead = [...workers].filter(([, { heartbeatS }]) => !isAlive(heartbeatS, newestS));
    const names = dead.map(([name, { heartbeatS }]) => `${name} for ${newestS - heartbeatS} s`);
    return no(
      `${alive.length} of ${expected} VMs of the filter are alive` +
        (names.length === 0 ? "" : `; silent: worker ${names.join(", worker ")}`),
      true,
    );
  }
  return { effective: true, vms: alive.length };
}

/** Highest epoch that a living worker reports; 0 for none. */
export function reportedEpoch({ workers }: ProxyReading): number {
  return Math.max(0, ...[...workers.values()].map(({ epoch }) => epoch));
}

/** The last sign of life of any worker, in monotonic seconds of its machine. */
export function newestHeartbeatS({ workers }: ProxyReading): number {
  return Math.max(0, ...[...workers.values()].map(({ heartbeatS }) => heartbeatS));
}

function isAlive(heartbeatS: number, newestS: number): boolean {
  return newestS - heartbeatS <= HEARTBEAT_LAG_S_MAX;
}

function behindReason(
  behind: readonly (readonly [string, WorkerReading])[],
  epoch: number,
  { stale }: ProxyReading,
): string {
  const [[worker, reading]] = behind as [readonly [string, WorkerReading]];
  const more = behind.length > 1 ? ` and ${behind.length - 1} more` : "";
  const where = `worker ${worker}${more} runs epoch ${reading.epoch}, not ${epoch}`;
  if (reading.configError) return `${where}: the filter refused the configuration (see its log)`;
  if (stale > 0) return `${where}: an older object was delivered (${stale} ignored), or none yet`;
  return `${where}: the configuration has not arrived, or Envoy rejected it`;
}

function no(reason: string, dead = false): Effect {
  return { effective: false, reason, dead };
}
