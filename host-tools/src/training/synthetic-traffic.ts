// Seeded, made-up traffic of AI services: what the default model learns from, and labelled faults
// to try it on. Not a queueing simulation (the embedded host is for that): arrivals and latencies
// are drawn from the shapes that recorded LLM traffic has, wide enough that no single deployment is
// learnt.
//
// Healthy, on purpose: rates that swing by the hour, bursts, latencies with heavy tails that drift
// and hiccup, a few per cent of errors, limits that refuse a little.

import { type Prng, seededPrng } from "../lib/prng";
import { exp, exponential, log, normal } from "../model/exact-math";
import type { TrafficRequest } from "../model/traffic";

/** What a route is like; all of it is drawn once per route. */
export interface RouteProfile {
  readonly name: string;
  readonly rateHz: number;
  /** Largest relative swing of the rate, and its period. */
  readonly swing: number;
  readonly swingPeriodMs: number;
  /** Rate during a burst over the usual rate. */
  readonly burstFactor: number;
  readonly ttfbMedianMs: number;
  /** Standard deviation of the logarithm. */
  readonly ttfbSpread: number;
  /** Median of what follows the first byte (streamed tokens); 0 for one-piece answers. */
  readonly streamMedianMs: number;
  readonly streamSpread: number;
  readonly errorShare: number;
  readonly limitedShare: number;
  readonly unsafeShare: number;
  readonly pathBytes: number;
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
  profile("session", 8, { ttfb: 6, spread: 0.6, query: 12 }),
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
}

function profile(name: string, rateHz: number, options: KindOptions): RouteProfile {
  return {
    name,
    rateHz,
    swing: 0.4,
    swingPeriodMs: 600_000,
    burstFactor: 3,
    ttfbMedianMs: options.ttfb,
    ttfbSpread: options.spread ?? 0.5,
    streamMedianMs: options.stream ?? 0,
    streamSpread: options.streamSpread ?? 0,
    errorShare: 0.005,
    limitedShare: 0,
    unsafeShare: options.unsafe ?? 0,
    pathBytes: 16,
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
    ttfbMedianMs: kind.ttfbMedianMs * between(random, 0.25, 4),
    ttfbSpread: kind.ttfbSpread * between(random, 0.6, 1.6),
    streamMedianMs: kind.streamMedianMs * between(random, 0.3, 3),
    errorShare: random.below(3) === 0 ? 0 : between(random, 0.0005, 0.03),
    limitedShare: random.below(3) === 0 ? between(random, 0.002, 0.05) : 0,
    unsafeShare: random.below(4) === 0 ? random.uniform() : kind.unsafeShare,
    pathBytes: 4 + random.below(60),
    queryMedianBytes: kind.queryMedianBytes * between(random, 0.3, 3),
    contentMedianBytes: kind.contentMedianBytes * between(random, 0.3, 5),
    headerBytes: Math.round(between(random, 250, 3000)),
    headerCount: 8 + random.below(30),
  };
}

/** A fault's kinds; what each does is in applyFault. */
export type FaultKind = "slow-arm" | "error-burst" | "flood";

export interface Fault {
  readonly kind: FaultKind;
  readonly fromMs: number;
  readonly toMs: number;
  /** Share of the route's requests that it hits (one arm of three: a third). */
  readonly share: number;
}

/** Slowly varying conditions of one route. */
class Weather {
  burstUntilMs = 0;
  hiccupUntilMs = 0;
  private drift = 0;

  constructor(private readonly random: Prng) {}

  /** Moves on by one request. */
  pass(nowMs: number, gapMs: number): void {
    // A burst every two minutes on average, a hiccup every minute.
    if (this.random.uniform() < gapMs / 120_000) {
      this.burstUntilMs = nowMs + exponential(this.random, 4000);
    }
    if (this.random.uniform() < gapMs / 60_000) {
      this.hiccupUntilMs = nowMs + exponential(this.random, 300);
    }
    const step = Math.min(1, gapMs / 60_000);
    this.drift += -step * this.drift + 0.25 * Math.sqrt(step) * normal(this.random);
  }

  latencyFactor(nowMs: number): number {
    const burst = nowMs < this.burstUntilMs ? 1.3 : 1;
    const hiccup = nowMs < this.hiccupUntilMs ? 2.5 : 1;
    return burst * hiccup * exp(Math.max(-0.7, Math.min(0.7, this.drift)));
  }
}

/** Relative rate at a time: a triangle between 1 - swing and 1 + swing. */
function swingAt(route: RouteProfile, atMs: number): number {
  const phase = (atMs / route.swingPeriodMs) % 1;
  return 1 + route.swing * (phase < 0.5 ? 4 * phase - 1 : 3 - 4 * phase);
}

/**
 * Traffic of one route from time 1000 on.
 * @param count requests without the flood's additional ones
 */
export function generateRoute(
  route: RouteProfile,
  count: number,
  random: Prng,
  faults: readonly Fault[] = [],
): TrafficRequest[] {
  const weather = new Weather(random.fork("weather"));
  const draws = random.fork("requests");
  const requests: TrafficRequest[] = [];
  let nowMs = 1000;
  let normalCount = 0;
  while (normalCount < count) {
    const fault = faults.find((f) => nowMs >= f.fromMs && nowMs < f.toMs);
    const flooding = fault?.kind === "flood";
    const burst = nowMs < weather.burstUntilMs ? route.burstFactor : 1;
    const usual = route.rateHz * swingAt(route, nowMs) * burst;
    const gapMs = exponential(draws, 1000 / (flooding ? 11 * usual : usual));
    nowMs += gapMs;
    weather.pass(nowMs, gapMs);
    const extra = flooding && draws.uniform() < 10 / 11;
    if (!extra) normalCount += 1;
    const request = drawRequest(route, nowMs, weather.latencyFactor(nowMs), draws);
    requests.push(fault === undefined ? request : applyFault(request, fault, extra, draws));
  }
  return requests;
}

function drawRequest(
  route: RouteProfile,
  arrivalMs: number,
  factor: number,
  random: Prng,
): TrafficRequest {
  const lognormal = (median: number, spread: number) => median * exp(spread * normal(random));
  // One request in a hundred meets something slow: the tail is heavier than log-normal.
  const tail = random.uniform() < 0.01 ? 2 + exponential(random, 2) : 1;
  const ttfbMs = lognormal(route.ttfbMedianMs, route.ttfbSpread) * factor * tail;
  const failed = random.uniform() < route.errorShare;
  const streamMs =
    route.streamMedianMs === 0 || failed
      ? 0
      : lognormal(route.streamMedianMs, route.streamSpread) * factor;
  const unsafe = random.uniform() < route.unsafeShare;
  const sized = (median: number, spread: number) =>
    median === 0 ? 0 : Math.round(lognormal(median, spread));
  return {
    arrivalMs,
    route: route.name,
    unsafeMethod: unsafe ? 1 : 0,
    pathBytes: Math.max(1, route.pathBytes + random.below(5) - 2),
    queryBytes: sized(route.queryMedianBytes, 0.4),
    headerBytes: Math.round(route.headerBytes * (0.9 + 0.2 * random.uniform())),
    headerCount: route.headerCount + random.below(3),
    contentBytes: unsafe ? sized(route.contentMedianBytes, 0.8) : 0,
    ttfbMs,
    latencyMs: ttfbMs + streamMs,
    status: failed ? 503 : 200,
    limited: random.uniform() < route.limitedShare,
    faulty: false,
  };
}

function applyFault(
  request: TrafficRequest,
  fault: Fault,
  extra: boolean,
  random: Prng,
): TrafficRequest {
  // All requests while a fault lasts are labelled: the route is in trouble, whoever is hit.
  const labelled = { ...request, faulty: true };
  if (fault.kind === "flood") {
    // The flood's own requests mostly meet a limit.
    return extra && random.uniform() < 0.7 ? { ...labelled, limited: true } : labelled;
  }
  if (random.uniform() >= fault.share) return labelled;
  if (fault.kind === "slow-arm") {
    return { ...labelled, ttfbMs: 10 * request.ttfbMs, latencyMs: 10 * request.latencyMs };
  }
  // Failures are fast, as a dead upstream's are.
  return { ...labelled, ttfbMs: 2, latencyMs: 2, status: 503 };
}

/** Busy routes get this many times more requests, so that they too live through some weather. */
const BUSY_MAX = 4;
/** Seconds of life that a busy route should see. */
const LIFE_S = 20;

/**
 * Healthy traffic of many routes.
 * @param label parts the seed's stream: the same seed and label give the same traffic
 * @param requestsPerRoute of a route that is not busy
 */
export function healthyTraffic(
  seed: number,
  label: string,
  routes: number,
  requestsPerRoute: number,
): TrafficRequest[] {
  const random = seededPrng(seed).fork(label);
  return Array.from({ length: routes }, (_, index) => {
    const own = random.fork(`route-${index}`);
    const profile = drawProfile(own, index);
    const busy = Math.min(BUSY_MAX, Math.max(1, (profile.rateHz * LIFE_S) / requestsPerRoute));
    return generateRoute(profile, Math.round(requestsPerRoute * busy), own);
  }).flat();
}
