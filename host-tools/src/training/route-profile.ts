// What a made-up route is like. Drawn wide, from kinds that services of this sort have: a model that
// learnt one deployment's habits would call every other one strange.

import type { Prng } from "../lib/prng";
import { exp, log } from "../model/exact-math";

/** One destination behind a route. */
export interface ArmProfile {
  /** Of the route's requests; shares add up to 1. */
  readonly share: number;
  /** Its latencies over the route's. */
  readonly latencyFactor: number;
}

/** What a route is like; all of it is drawn once per route. */
export interface RouteProfile {
  readonly name: string;
  readonly rateHz: number;
  /** Largest relative swing of the rate, and its period: a day, much shortened. */
  readonly swing: number;
  readonly swingPeriodMs: number;
  /** Rate during a burst over the usual rate. */
  readonly burstFactor: number;
  /** Rate at the height of a flash crowd over the usual rate. */
  readonly crowdFactor: number;
  readonly arms: readonly ArmProfile[];
  readonly ttfbMedianMs: number;
  /** Standard deviation of the logarithm. */
  readonly ttfbSpread: number;
  /** Share of requests that meet something slow, and the index of their Pareto tail. */
  readonly tailShare: number;
  readonly tailIndex: number;
  /** Median of what follows the first byte (streamed tokens); 0 for one-piece answers. */
  readonly streamMedianMs: number;
  readonly streamSpread: number;
  readonly errorShare: number;
  readonly clientErrorShare: number;
  /** Share of failed requests that the caller tries again. */
  readonly retriedShare: number;
  readonly limitedShare: number;
  readonly unsafeShare: number;
  readonly pathBytes: number;
  /** Different paths that the route has: 1 for a fixed one. */
  readonly paths: number;
  readonly queryMedianBytes: number;
  readonly contentMedianBytes: number;
  readonly headerBytes: number;
  readonly headerCount: number;
}

/** Kinds of route that services of this sort have; each route is one of them, varied. */
const KINDS: readonly RouteProfile[] = [
  profile("chat", 4, { ttfb: 400, stream: 1500, streamSpread: 0.8, unsafe: 1, content: 1200 }),
  profile("stream", 3, { ttfb: 300, stream: 6000, streamSpread: 0.9, unsafe: 1, content: 2500 }),
  profile("embedding", 30, { ttfb: 25, spread: 0.35, unsafe: 1, content: 800 }),
  profile("retrieval", 15, { ttfb: 40, spread: 0.5, query: 60 }),
  profile("intent", 10, { ttfb: 80, spread: 0.4, unsafe: 1, content: 300 }),
  profile("session", 8, { ttfb: 6, spread: 0.6, query: 12, paths: 500 }),
  profile("batch", 1, { ttfb: 2500, spread: 0.7, unsafe: 1, content: 20000 }),
  profile("health", 1, { ttfb: 1.5, spread: 0.25 }),
];

interface KindOptions {
  readonly ttfb: number;
  readonly spread?: number;
  readonly stream?: number;
  readonly streamSpread?: number;
  readonly unsafe?: number;
  readonly content?: number;
  readonly query?: number;
  readonly paths?: number;
}

function profile(name: string, rateHz: number, options: KindOptions): RouteProfile {
  return {
    name,
    rateHz,
    swing: 0.4,
    swingPeriodMs: 600_000,
    burstFactor: 3,
    crowdFactor: 4,
    arms: [{ share: 1, latencyFactor: 1 }],
    ttfbMedianMs: options.ttfb,
    ttfbSpread: options.spread ?? 0.5,
    tailShare: 0.01,
    tailIndex: 2,
    streamMedianMs: options.stream ?? 0,
    streamSpread: options.streamSpread ?? 0,
    errorShare: 0.005,
    clientErrorShare: 0.005,
    retriedShare: 0.5,
    limitedShare: 0,
    unsafeShare: options.unsafe ?? 0,
    pathBytes: 16,
    paths: options.paths ?? 1,
    queryMedianBytes: options.query ?? 0,
    contentMedianBytes: options.content ?? 0,
    headerBytes: 700,
    headerCount: 18,
  };
}

/** Log-uniform in [low, high]. */
function between(random: Prng, low: number, high: number): number {
  return low * exp(random.uniform() * log(high / low));
}

/** In one case of so many 0, else log-uniform. */
function sometimes(random: Prng, never: number, low: number, high: number): number {
  return random.below(never) === 0 ? 0 : between(random, low, high);
}

/** A route of the index's kind, varied: no two of them are alike. */
export function drawProfile(random: Prng, index: number): RouteProfile {
  const kind = KINDS[index % KINDS.length]!;
  return {
    ...kind,
    name: `${kind.name}-${index}`,
    rateHz: kind.rateHz * between(random, 0.25, 30),
    swing: 0.6 * random.uniform(),
    swingPeriodMs: between(random, 120_000, 1_800_000),
    burstFactor: between(random, 1.5, 6),
    crowdFactor: between(random, 2, 10),
    arms: drawArms(random),
    ttfbMedianMs: kind.ttfbMedianMs * between(random, 0.25, 4),
    ttfbSpread: kind.ttfbSpread * between(random, 0.6, 1.6),
    tailShare: between(random, 0.002, 0.03),
    tailIndex: between(random, 1.3, 3),
    streamMedianMs: kind.streamMedianMs * between(random, 0.3, 3),
    errorShare: sometimes(random, 3, 0.0005, 0.03),
    clientErrorShare: sometimes(random, 3, 0.0005, 0.08),
    retriedShare: sometimes(random, 2, 0.1, 0.9),
    limitedShare: random.below(3) === 0 ? between(random, 0.002, 0.05) : 0,
    unsafeShare: random.below(4) === 0 ? random.uniform() : kind.unsafeShare,
    pathBytes: 4 + random.below(60),
    paths: random.below(3) === 0 ? Math.round(between(random, 2, 20_000)) : kind.paths,
    queryMedianBytes: kind.queryMedianBytes * between(random, 0.3, 3),
    contentMedianBytes: kind.contentMedianBytes * between(random, 0.3, 5),
    headerBytes: Math.round(between(random, 250, 3000)),
    headerCount: 8 + random.below(30),
  };
}

/** One to four arms; they may differ in speed twofold. */
function drawArms(random: Prng): ArmProfile[] {
  const weights = Array.from({ length: 1 + random.below(4) }, () => 0.2 + random.uniform());
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => ({
    share: weight / whole,
    latencyFactor: between(random, 0.7, 1.4),
  }));
}
