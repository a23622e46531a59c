// Whether new weights act in a proxy: every one of its VMs is alive and has the epoch. The filter
// never rejects a configuration (docs/decisions/0007), and a trapped one is bypassed in silence, so
// that Envoy's own statistics say nothing; what a worker itself publishes, and that it goes on
// publishing, is the only sign.
//
// Envoy runs one VM per worker and one on the main thread. A VM that has gone leaves its gauges
// behind, standing still: numbers alone prove nothing, living ones are counted against the threads.

import type { ControlPlaneWord } from "./control-plane";
import type { ProxyReading, WorkerReading } from "./metrics-page";

/** Heartbeats of one machine's clock that lag by more are dead; a tick writes them twice a second. */
export const HEARTBEAT_LAG_S_MAX = 4;

/** What kind of reason, for programs. */
export type EffectCause =
  /** Envoy has rejected the configuration; known from istiod alone. */
  | "nacked"
  | "not arrived"
  /** One of both: the metrics alone do not tell. */
  | "behind"
  /** The filter itself has refused it, and runs the one before. */
  | "refused"
  /** An older object was delivered last. */
  | "older config"
  /** The proxy's agent could not fetch the image. */
  | "image"
  | "no filter"
  | "dead worker"
  | "unreachable";

export type Effect =
  | { readonly effective: true; readonly vms: number }
  | {
      readonly effective: false;
      /** `dead worker`: only another VM key is sure to bring it back. */
      readonly cause: EffectCause;
      readonly reason: string;
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
  if (workers.size === 0) return noFilter(now);
  const newestS = newestHeartbeatS(now);
  const alive = [...workers].filter(([, { heartbeatS }]) => isAlive(heartbeatS, newestS));
  if (silent) {
    return no("dead worker", "no worker gives a sign of life: the filter is off there");
  }
  const behind = alive.filter(([, worker]) => worker.epoch < epoch);
  if (behind.length > 0) return behindEffect(behind, epoch, now);
  const expected = now.concurrency === undefined ? workers.size : now.concurrency + 1;
  if (alive.length < expected) {
    const dead = [...workers].filter(([, { heartbeatS }]) => !isAlive(heartbeatS, newestS));
    const names = dead.map(([name, { heartbeatS }]) => `${name} for ${newestS - heartbeatS} s`);
    return no(
      "dead worker",
      `${alive.length} of ${expected} VMs of the filter are alive` +
        (names.length === 0 ? "" : `; silent: worker ${names.join(", worker ")}`),
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

function noFilter({ imageFailures }: ProxyReading): Effect {
  if (imageFailures === 0) {
    return no("no filter", "it publishes no metrics of the filter: the filter is not loaded there");
  }
  return no("image", `the filter is not loaded there: ${failures(imageFailures)}`);
}

function failures(count: number): string {
  return `its agent could not fetch an image, ${count} times since it started`;
}

function behindEffect(
  behind: readonly (readonly [string, WorkerReading])[],
  epoch: number,
  { stale, imageFailures }: ProxyReading,
): Effect {
  const [[worker, reading]] = behind as [readonly [string, WorkerReading]];
  const more = behind.length > 1 ? ` and ${behind.length - 1} more run` : " runs";
  const where = `worker ${worker}${more} epoch ${reading.epoch}, not ${epoch}`;
  if (reading.configError) {
    return no("refused", `${where}: the filter refused the configuration (see its log)`);
  }
  if (stale > 0) {
    const reason = `an older object was delivered (${stale} ignored), or none yet`;
    return no("older config", `${where}: ${reason}`);
  }
  if (imageFailures > 0) return no("image", `${where}: ${failures(imageFailures)}`);
  return no("behind", `${where}: ${UNDECIDED}`);
}

/** What a metrics page alone cannot tell apart. */
const UNDECIDED = "the configuration has not arrived, or Envoy rejected it";

function no(cause: EffectCause, reason: string): Effect {
  return { effective: false, cause, reason };
}

/** Whether istiod would know more. */
export function isUndecided(effect: Effect): boolean {
  return !effect.effective && effect.cause === "behind";
}

/** Told from counters since the proxy started, whose events may be over, unlike a rejection that stands. */
const COUNTED: readonly EffectCause[] = ["older config", "image"];

/** The same with what istiod knows of the proxy; undefined where it does not know it. */
export function explainedEffect(effect: Effect, word: ControlPlaneWord | undefined): Effect {
  if (effect.effective) return effect;
  const { cause } = effect;
  const isOpen = cause === "behind" || cause === "no filter";
  if (!isOpen && !COUNTED.includes(cause)) return effect;
  const start = effect.reason.replace(`: ${UNDECIDED}`, "");
  if (word?.rejection !== undefined && !word.acknowledged) {
    return no("nacked", `${start}: Envoy rejected it: ${word.rejection}`);
  }
  if (!isOpen) return effect;
  if (word === undefined) return no(cause, `${start}: this istiod does not know the proxy`);
  const { sent, acknowledged } = word;
  if (!sent) return no("not arrived", `${start}: istiod has sent it none`);
  if (!acknowledged)
    return no("not arrived", `${start}: istiod has sent it, the proxy not answered`);
  if (cause === "behind") {
    const reason = "istiod has not sent the newest, or its workers do not take what Envoy took";
    return no("not arrived", `${start}: ${reason}`);
  }
  const reason = "its agent could not fetch the image, or its statistics leave `wasmcustom` out";
  return no("no filter", `${start}; Envoy took what came: ${reason}`);
}
