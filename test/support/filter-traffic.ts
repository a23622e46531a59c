// Open-loop traffic through the filter under the virtual clock: requests come by a seeded Poisson
// process whether or not earlier ones have been answered, so a slow arm really holds requests in
// flight.

import type { EmbeddedProxy, Header, Stream } from "../../host-tools/src/embedded";
import { seededPrng, type Prng } from "../../host-tools/src/lib/prng";
import { MS, request } from "./filter-proxy";

export interface Traffic {
  readonly seed: number;
  readonly ratePerSecond: number;
  readonly seconds: number;
  readonly latencyMs: (arm: string, atMs: number, prng: Prng) => number;
  readonly status?: (arm: string, atMs: number) => number;
  readonly headers?: (index: number) => readonly Header[];
  /** The arm that gets no header; default `a`. */
  readonly defaultArm?: string;
}

export interface TrafficExchange {
  readonly atMs: number;
  readonly arm: string;
  readonly refused: boolean;
  readonly marks: readonly string[];
}

interface Pending {
  readonly dueMs: number;
  readonly stream: Stream;
  readonly status: number;
}

/** Plays the traffic over the proxy's workers in turn; every request is answered in the end. */
export function playTraffic(proxy: EmbeddedProxy, traffic: Traffic): TrafficExchange[] {
  const prng = seededPrng(traffic.seed).fork("traffic");
  const startNs = proxy.process.clock.elapsedNs;
  const nowMs = () => (proxy.process.clock.elapsedNs - startNs) / MS;
  const moveTo = (ms: number) => proxy.advance(Math.max(0, (ms - nowMs()) * MS));
  const pending: Pending[] = [];
  const exchanges: TrafficExchange[] = [];
  const answerNext = () => {
    const { dueMs, stream, status } = pending.shift()!;
    moveTo(dueMs);
    stream.pushResponseHeaders([[":status", String(status)]], true);
    stream.end();
  };
  let atMs = 0;
  for (let i = 0; ; i++) {
    atMs += prng.exponential(1000 / traffic.ratePerSecond);
    if (atMs >= traffic.seconds * 1000) break;
    while (pending.length > 0 && pending[0]!.dueMs <= atMs) answerNext();
    moveTo(atMs);
    const headers = traffic.headers?.(i) ?? request();
    const stream = proxy.stream(i % proxy.workers.length, { headers });
    const arm = stream.request.get("x-ganglion-arm") ?? traffic.defaultArm ?? "a";
    const names = stream.request.toList().map(([name]) => name);
    const marks = names.filter((name) => name.startsWith("x-ganglion-"));
    const refused = stream.reply !== null;
    exchanges.push({ atMs, arm, refused, marks });
    if (refused) {
      stream.end();
      continue;
    }
    const dueMs = atMs + traffic.latencyMs(arm, atMs, prng);
    insert(pending, { dueMs, stream, status: traffic.status?.(arm, atMs) ?? 200 });
  }
  while (pending.length > 0) answerNext();
  return exchanges;
}

function insert(pending: Pending[], item: Pending): void {
  let at = pending.length;
  while (at > 0 && pending[at - 1]!.dueMs > item.dueMs) at--;
  pending.splice(at, 0, item);
}

/** Share of the exchanges that went to the arm; 0 of none. */
export function shareOf(exchanges: readonly TrafficExchange[], arm: string): number {
  return exchanges.filter((e) => e.arm === arm).length / Math.max(1, exchanges.length);
}
