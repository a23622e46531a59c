// Floods a rate limit over several workers that cut into each other at the very host calls by which
// they share a bucket. Workers of the embedded host take turns; without cutting in, no
// compare-and-swap would ever fail and no race would be seen.

import type { EmbeddedProxy, Header } from "../../host-tools/src/embedded";
import { seededPrng, type Prng } from "../../host-tools/src/lib/prng";
import type { PluginConfig } from "../../host-tools/src/config/plugin-config";
import { SECOND, bareProxy, request } from "./filter-proxy";

export interface Flood {
  readonly seed: number;
  readonly workers: number;
  readonly offeredPerSecond: number;
  readonly seconds: number;
  /** Probability that another worker takes a request in the middle of a shared-data call. */
  readonly interleave?: number;
  /** Who asks; default: everybody the same. */
  readonly key?: (prng: Prng) => string;
  readonly headersOf?: (key: string) => Header[];
  /** Whether requests come at this moment; default: always. */
  readonly offered?: (atMs: number) => boolean;
}

export interface FloodResult {
  readonly proxy: EmbeddedProxy;
  readonly offered: number;
  /** Admissions by key, as nanoseconds since the first request; ascending. */
  readonly admittedAtNs: ReadonlyMap<string, readonly number[]>;
  /** How often a worker was cut into. */
  readonly cuts: number;
}

const PLAIN = request();

/** Plays a flood from the moment at which the configuration is in force. */
export function playFlood(config: PluginConfig, flood: Flood): FloodResult {
  const prng = seededPrng(flood.seed).fork("flood");
  const admittedAtNs = new Map<string, number[]>();
  const busy = new Set<number>();
  let offered = 0;
  let cuts = 0;
  let startNs = 0;

  const send = (worker: number): void => {
    offered++;
    busy.add(worker);
    const key = flood.key?.(prng) ?? "";
    const headers = flood.headersOf?.(key) ?? PLAIN;
    const stream = proxy.stream(worker, { headers });
    if (stream.reply === null) {
      const times = admittedAtNs.get(key) ?? [];
      admittedAtNs.set(key, times);
      times.push(proxy.process.clock.elapsedNs - startNs);
      stream.pushResponseHeaders([[":status", "200"]], true);
    }
    stream.end();
    busy.delete(worker);
  };
  const cutIn = (name: string): undefined => {
    if (busy.size === 0 || !name.endsWith("_shared_data")) return;
    if (prng.uniform() >= (flood.interleave ?? 0)) return;
    // A worker is one thread: only one that is not in the middle of a request can run.
    const idle = proxy.workers.map((w) => w.index).filter((index) => !busy.has(index));
    if (idle.length === 0) return;
    cuts++;
    send(idle[prng.below(idle.length)]!);
  };

  const { workers, seed } = flood;
  const proxy = bareProxy({ workers, seed, onHostCall: cutIn });
  proxy.configure(JSON.stringify(config));
  startNs = proxy.process.clock.elapsedNs;
  const stepNs = SECOND / flood.offeredPerSecond;
  for (let atNs = 0; atNs < flood.seconds * SECOND; atNs += stepNs) {
    proxy.advance(Math.max(0, startNs + atNs - proxy.process.clock.elapsedNs));
    if (flood.offered?.(atNs / 1e6) ?? true) send(prng.below(workers));
  }
  return { proxy, offered, admittedAtNs, cuts };
}

/**
 * By how many requests the law `admitted <= burst + rate * t` was broken at worst, at any moment.
 *
 * @returns 0 or less where it held
 */
export function excess(atNs: readonly number[], ratePerSecond: number, burst: number): number {
  let worst = -Infinity;
  atNs.forEach((at, i) => {
    worst = Math.max(worst, i + 1 - burst - Math.floor((at / SECOND) * ratePerSecond + 1e-6));
  });
  return worst;
}
