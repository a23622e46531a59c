// Seeded, made-up traffic of AI services: what the default model learns from. Not a queueing
// simulation (the embedded host is for that): arrivals and latencies are drawn from the shapes that
// recorded LLM traffic has, wide enough that no single deployment is learnt.
//
// Healthy, on purpose: rates that swing by the hour, bursts, flash crowds, arms of different speed,
// latencies with heavy tails that drift and hiccup, a few per cent of errors and of clients'
// mistakes, some retries, limits that refuse a little.

import { type Prng, seededPrng } from "../lib/prng";
import { exp, exponential, normal } from "../model/exact-math";
import type { TrafficRequest } from "../model/traffic";
import { type RouteProfile, drawProfile } from "./route-profile";
import { RouteWeather } from "./route-weather";
import { type Fault, applyFault, extraRequests } from "./synthetic-faults";

/** No tail is longer. */
const TAIL_MAX = 60;
const CLIENT_ERRORS = [400, 401, 404, 404] as const;

/**
 * Traffic of one route from time 1000 on.
 * @param count requests without those that a fault adds
 */
export function generateRoute(
  route: RouteProfile,
  count: number,
  random: Prng,
  faults: readonly Fault[] = [],
): TrafficRequest[] {
  const weather = new RouteWeather(route, random.fork("weather"));
  const maker = new RequestMaker(route, weather, random.fork("requests"));
  const draws = random.fork("arrivals");
  const requests: TrafficRequest[] = [];
  let nowMs = 1000;
  let usual = 0;
  while (usual < count) {
    const fault = faults.find((one) => nowMs >= one.fromMs && nowMs < one.toMs);
    const added = fault === undefined ? 0 : extraRequests(fault.kind);
    const rateHz = route.rateHz * weather.rateFactor(nowMs) * (1 + added);
    const gapMs = exponential(draws, 1000 / rateHz);
    nowMs += gapMs;
    weather.pass(nowMs, gapMs);
    const extra = draws.uniform() * (1 + added) < added;
    if (!extra) usual += 1;
    const request = maker.make(nowMs);
    requests.push(fault === undefined ? request : applyFault(request, fault, extra, draws));
  }
  return requests;
}

/** Draws one request after the other. */
class RequestMaker {
  /** The last request failed, and its caller tries again. */
  private retries = false;
  private readonly path: string;

  constructor(
    private readonly route: RouteProfile,
    private readonly weather: RouteWeather,
    private readonly random: Prng,
  ) {
    this.path = `/${"p".repeat(Math.max(0, route.pathBytes - 1))}`;
  }

  make(arrivalMs: number): TrafficRequest {
    const { route, random } = this;
    const factor = this.weather.latencyFactor(arrivalMs, this.drawArm()) * this.drawTail();
    const ttfbMs = this.lognormal(route.ttfbMedianMs, route.ttfbSpread) * factor;
    const failed = random.uniform() < route.errorShare;
    const mistaken = !failed && random.uniform() < route.clientErrorShare;
    const streams = route.streamMedianMs > 0 && !failed && !mistaken;
    const streamMs = streams
      ? this.lognormal(route.streamMedianMs, route.streamSpread) * factor
      : 0;
    const unsafe = random.uniform() < route.unsafeShare;
    const attempt = this.retries ? 2 : 1;
    this.retries = failed && random.uniform() < route.retriedShare;
    const path = this.drawPath();
    return {
      arrivalMs,
      route: route.name,
      unsafeMethod: unsafe ? 1 : 0,
      pathBytes: path.length,
      queryBytes: this.size(route.queryMedianBytes, 0.4),
      headerBytes: Math.round(route.headerBytes * (0.9 + 0.2 * random.uniform())),
      headerCount: route.headerCount + random.below(3),
      contentBytes: unsafe ? this.size(route.contentMedianBytes, 0.8) : 0,
      ttfbMs,
      latencyMs: ttfbMs + streamMs,
      status: failed ? 503 : mistaken ? CLIENT_ERRORS[random.below(4)]! : 200,
      limited: random.uniform() < route.limitedShare,
      faulty: false,
      attempt,
      path,
    };
  }

  private lognormal(median: number, spread: number): number {
    return median * exp(spread * normal(this.random));
  }

  private size(median: number, spread: number): number {
    return median === 0 ? 0 : Math.round(this.lognormal(median, spread));
  }

  private drawArm(): number {
    let left = this.random.uniform();
    const { arms } = this.route;
    for (let arm = 0; arm < arms.length - 1; arm++) {
      left -= arms[arm]!.share;
      if (left < 0) return arm;
    }
    return arms.length - 1;
  }

  /** 1, or a Pareto factor: tails are heavier than log-normal. */
  private drawTail(): number {
    const { tailShare, tailIndex } = this.route;
    if (this.random.uniform() >= tailShare) return 1;
    return Math.min(TAIL_MAX, exp(exponential(this.random, 1 / tailIndex)));
  }

  /** Few paths are asked for often, most seldom. */
  private drawPath(): string {
    const { paths } = this.route;
    if (paths === 1) return this.path;
    const share = this.random.uniform();
    return `${this.path}/${Math.floor(paths * share * share * share)}`;
  }
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
