// Waits until every proxy acts by the new weights, and says which ones do not and why. The list of
// proxies is read again in each round: pods come and go during a rollout, and a pod that is gone is
// no failure, while one that has come since must have the new weights too.

import type { ControlPlane } from "./control-plane";
import { type Effect, explainedEffect, judgeEffect, newestHeartbeatS } from "./effect";
import { reportedEpoch } from "./effect";
import type { ProxyReading } from "./metrics-page";
import type { PageSource } from "./page-source";
import type { ProxyPlace, Reach } from "./proxy-finder";

export interface Fleet {
  /** The proxies that there are now. */
  readonly find: () => Promise<Reach>;
  readonly source: PageSource;
  /** Who knows why a proxy has not followed; undefined where nobody is to be asked. */
  readonly controlPlane?: ControlPlane | undefined;
}

export interface FleetClock {
  nowMs(): number;
  sleep(durationMs: number): Promise<void>;
}

export interface ProxyState {
  readonly name: string;
  readonly reading: ProxyReading | undefined;
  readonly effect: Effect;
}

export interface FleetState {
  readonly proxies: readonly ProxyState[];
  /** Pods that the selector takes and that have no proxy. */
  readonly without: readonly string[];
  readonly effective: boolean;
  /** Why more is not known. */
  readonly remark?: string;
}

export interface AwaitOptions {
  readonly epoch: number;
  readonly withinMs: number;
  /** Told after each round. */
  readonly onRound?: (state: FleetState, elapsedMs: number) => void;
  /** Asked after each round; true ends the waiting, such as for a newer epoch in the object. */
  readonly shallEnd?: () => Promise<boolean>;
}

const ROUND_MS = 500;
/** Pages read at a time: a thousand proxies must not be asked all at once. */
const AT_ONCE = 32;

/** The last sign of life of a proxy, and when it was first read. */
export interface Seen {
  readonly heartbeatS: number;
  readonly sinceMs: number;
}

/** One look at every proxy. */
export async function readFleet(
  fleet: Fleet,
  epoch: number,
  clock: FleetClock,
  seen: Map<string, Seen> = new Map(),
): Promise<FleetState> {
  const { proxies, without } = await fleet.find();
  const states: ProxyState[] = [];
  for (let i = 0; i < proxies.length; i += AT_ONCE) {
    const batch = proxies.slice(i, i + AT_ONCE);
    states.push(
      ...(await Promise.all(batch.map((proxy) => readProxy(fleet, proxy, epoch, clock, seen)))),
    );
  }
  const effective = states.length > 0 && states.every(({ effect }) => effect.effective);
  return { proxies: states, without, effective };
}

/** Looks again and again until all are effective, the time is over, or somebody says so. */
export async function awaitEffect(
  fleet: Fleet,
  clock: FleetClock,
  options: AwaitOptions,
): Promise<FleetState> {
  const startedMs = clock.nowMs();
  const seen = new Map<string, Seen>();
  for (;;) {
    const state = await readFleet(fleet, options.epoch, clock, seen);
    const elapsedMs = clock.nowMs() - startedMs;
    options.onRound?.(state, elapsedMs);
    const isOver = state.effective || elapsedMs + ROUND_MS > options.withinMs;
    if (isOver || (await options.shallEnd?.())) return explained(fleet, state);
    await clock.sleep(ROUND_MS);
  }
}

/** The same, with what the control plane knows of those that have not followed. */
export async function explained({ controlPlane }: Fleet, state: FleetState): Promise<FleetState> {
  if (state.effective || controlPlane === undefined) return state;
  try {
    const words = await controlPlane.read();
    const proxies = state.proxies.map((proxy) => ({
      ...proxy,
      effect: explainedEffect(proxy.effect, words.get(proxy.name)),
    }));
    return { ...state, proxies };
  } catch (error) {
    return { ...state, remark: error instanceof Error ? error.message : String(error) };
  }
}

/** Highest epoch that any proxy reports. */
export function fleetEpoch({ proxies }: FleetState): number {
  const readings = proxies.flatMap(({ reading }) => reading ?? []);
  return Math.max(0, ...readings.map(reportedEpoch));
}

async function readProxy(
  fleet: Fleet,
  proxy: ProxyPlace,
  epoch: number,
  clock: FleetClock,
  seen: Map<string, Seen>,
): Promise<ProxyState> {
  const { name } = proxy;
  try {
    const reading = await fleet.source.read(proxy);
    const nowMs = clock.nowMs();
    const heartbeatS = newestHeartbeatS(reading);
    const last = seen.get(name);
    const moved = last === undefined || last.heartbeatS !== heartbeatS;
    if (moved) seen.set(name, { heartbeatS, sinceMs: nowMs });
    const silent = !moved && nowMs - last.sinceMs >= fleet.source.silenceMs;
    const effect = judgeEffect({ epoch, now: reading, silent });
    return { name, reading, effect };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const effect = { effective: false, cause: "unreachable", reason } as const;
    return { name, reading: undefined, effect };
  }
}
