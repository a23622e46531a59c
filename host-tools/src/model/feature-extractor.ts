// The filter's feature extraction (assembly/features/)
// on recorded or made-up traffic. The only file that knows how features come about on the host:
// whoever replays traffic through the filter itself replaces this FeatureSource.

import { FEATURES, Feature } from "../contract";
import { LatencyAverage, elapsedMs, log2 } from "./feature-math";
import { pathHash } from "./path-hash";
import type { FeatureSequence, TrafficRequest } from "./traffic";

const fround = Math.fround;

/** Weights of one outcome, as in assembly/features/observe.ts. */
const ERROR_FAST_WEIGHT = fround(0.1);
const ERROR_SLOW_WEIGHT = fround(0.01);
const LIMITED_WEIGHT = fround(0.02);
const RETRY_WEIGHT = fround(0.05);
const NOVELTY_WEIGHT = fround(0.05);
/** Paths that a route remembers. */
const PATH_TAGS = 64;

/** The half-lives that a configuration has by default. */
export const DEFAULT_HALF_LIVES = { fastMs: 200, slowMs: 3500 } as const;

export interface HalfLives {
  readonly fastMs: number;
  readonly slowMs: number;
}

/** What the filter has learnt about one route. */
class RouteMemory {
  readonly ttfb: LatencyAverage;
  readonly latency: LatencyAverage;
  arrivalMs = 0;
  inFlight = 0;
  errorFast = 0;
  errorSlow = 0;
  limitedShare = 0;
  clientErrorFast = 0;
  retryShare = 0;
  pathNovelty = 0;
  latencyLastMs = 0;
  streamLastMs = 0;
  ttfbLastMs = 0;
  ended = 0;
  endedFailed = 0;
  readonly pathTags = new Uint16Array(PATH_TAGS);

  constructor({ fastMs, slowMs }: HalfLives) {
    this.ttfb = new LatencyAverage(fastMs, slowMs);
    this.latency = new LatencyAverage(fastMs, slowMs);
  }

  /** Fills one vector from the state before the request. */
  extract(request: TrafficRequest, out: Float32Array): void {
    const { ttfb, latency } = this;
    const known = this.arrivalMs !== 0;
    const sinceMs = known ? elapsedMs(this.arrivalMs, request.arrivalMs) : 1000;
    const slowMs = Math.max(latency.slowMs, fround(0.001));
    const floorMs = fround(slowMs * fround(0.1));
    const deviationMs = Math.max(fround(Math.sqrt(latency.variance)), floorMs);
    const shift = fround(fround(latency.fastMs - latency.slowMs) / deviationMs);
    const peakMs = Math.max(latency.peakMs, slowMs);
    out[Feature.LogInterArrival] = log2(fround(sinceMs + 0.015625));
    out[Feature.LogInFlight] = log2(1 + this.inFlight);
    out[Feature.LogTtfbFast] = logMs(ttfb.samples, ttfb.fastMs);
    out[Feature.LogLatencyFast] = logMs(latency.samples, latency.fastMs);
    out[Feature.LogLatencySlow] = logMs(latency.samples, latency.slowMs);
    out[Feature.LatencyShift] = Math.max(-16, Math.min(16, shift));
    out[Feature.LogPeakRatio] = log2(fround(peakMs / slowMs));
    out[Feature.ErrorFast] = this.errorFast;
    out[Feature.ErrorSlow] = this.errorSlow;
    out[Feature.LogRequestBytes] = log2(fround(1 + request.contentBytes));
    out[Feature.LogHeaderBytes] = log2(fround(1 + request.headerBytes));
    out[Feature.LogPathBytes] = log2(fround(1 + request.pathBytes));
    out[Feature.LogQueryBytes] = log2(fround(1 + request.queryBytes));
    out[Feature.LogHeaderCount] = log2(fround(1 + request.headerCount));
    out[Feature.MethodUnsafe] = request.unsafeMethod;
    out[Feature.LimitedShare] = this.limitedShare;
    out[Feature.LogLatencyLast] = logMs(latency.samples, this.latencyLastMs);
    out[Feature.LogTtfbLast] = logMs(ttfb.samples, this.ttfbLastMs);
    out[Feature.LogStreamLast] = log2(fround(this.streamLastMs + 1));
    out[Feature.FailedLast] = fround(this.endedFailed / Math.max(this.ended, 1));
    out[Feature.LogEnded] = log2(1 + this.ended);
    out[Feature.ClientErrorFast] = this.clientErrorFast;
    out[Feature.RetryShare] = this.retryShare;
    out[Feature.PathNovelty] = this.pathNovelty;
  }

  onArrival(request: TrafficRequest): void {
    this.arrivalMs = request.arrivalMs;
    this.ended = 0;
    this.endedFailed = 0;
    this.retryShare = average(this.retryShare, (request.attempt ?? 1) > 1 ? 1 : 0, RETRY_WEIGHT);
    this.pathNovelty = average(this.pathNovelty, this.notePath(request) ? 1 : 0, NOVELTY_WEIGHT);
    this.limitedShare = average(this.limitedShare, request.limited ? 1 : 0, LIMITED_WEIGHT);
    if (!request.limited) this.inFlight += 1;
  }

  /** @returns whether the path is none of the last few */
  private notePath(request: TrafficRequest): boolean {
    const hash = pathHash(pathOf(request));
    const place = hash & (PATH_TAGS - 1);
    const tag = (hash >>> 16) | 1;
    const novel = this.pathTags[place] !== tag;
    this.pathTags[place] = tag;
    return novel;
  }

  onResponse({ status, ttfbMs, arrivalMs }: TrafficRequest): void {
    const failed = status >= 500 ? 1 : 0;
    const clientError = status >= 400 && status < 500 && status !== 429 ? 1 : 0;
    this.ttfb.add(ttfbMs, arrivalMs + ttfbMs);
    this.ttfbLastMs = fround(ttfbMs);
    this.clientErrorFast = average(this.clientErrorFast, clientError, ERROR_FAST_WEIGHT);
    this.errorFast = average(this.errorFast, failed, ERROR_FAST_WEIGHT);
    this.errorSlow = average(this.errorSlow, failed, ERROR_SLOW_WEIGHT);
  }

  onEnd(request: TrafficRequest): void {
    const endMs = request.arrivalMs + request.latencyMs;
    if (request.status === 0) this.latency.addCensored(request.latencyMs, endMs);
    else this.ended += 1;
    if (request.status >= 500) this.endedFailed += 1;
    else if (request.status !== 0) {
      this.latency.add(request.latencyMs, endMs);
      this.latencyLastMs = fround(request.latencyMs);
      this.streamLastMs = Math.max(0, fround(this.latencyLastMs - fround(request.ttfbMs)));
    }
    this.inFlight = Math.max(0, this.inFlight - 1);
  }
}

function average(mean: number, value: number, weight: number): number {
  return fround(mean + fround(weight * fround(value - mean)));
}

function logMs(samples: number, valueMs: number): number {
  return samples === 0 ? 0 : log2(Math.max(valueMs, fround(0.001)));
}

/** The path, or what stands for one that was not recorded: as many zeros. */
function pathOf({ path, pathBytes }: TrafficRequest): Uint8Array {
  return path === undefined ? new Uint8Array(pathBytes) : new TextEncoder().encode(path);
}

/** What happens to a request, in the order in which simultaneous events are taken. */
const enum Happening {
  End = 0,
  Response = 1,
  Arrival = 2,
}

interface Happened {
  readonly atMs: number;
  readonly what: Happening;
  readonly index: number;
}

/**
 * Runs the requests in time order through the filter's bookkeeping.
 * @param requests of any number of routes, in any order; times above 0
 * @returns one sequence per route, routes in the order of their names
 */
export function extractFeatures(
  requests: readonly TrafficRequest[],
  halfLives: HalfLives = DEFAULT_HALF_LIVES,
): FeatureSequence[] {
  const routes = new Map<string, TrafficRequest[]>();
  for (const request of requests) {
    const list = routes.get(request.route);
    if (list === undefined) routes.set(request.route, [request]);
    else list.push(request);
  }
  return [...routes.keys()]
    .sort()
    .map((route) => extractRoute(route, routes.get(route)!, halfLives));
}

function extractRoute(
  route: string,
  unsorted: readonly TrafficRequest[],
  halfLives: HalfLives,
): FeatureSequence {
  const requests = [...unsorted].sort((a, b) => a.arrivalMs - b.arrivalMs);
  const events: Happened[] = [];
  requests.forEach((request, index) => {
    events.push({ atMs: request.arrivalMs, what: Happening.Arrival, index });
    if (request.limited) return;
    if (request.status !== 0) {
      const atMs = request.arrivalMs + request.ttfbMs;
      events.push({ atMs, what: Happening.Response, index });
    }
    const atMs = request.arrivalMs + Math.max(request.latencyMs, request.ttfbMs);
    events.push({ atMs, what: Happening.End, index });
  });
  // A response of no duration still comes after its own request: index and kind decide ties.
  events.sort((a, b) => a.atMs - b.atMs || tieOrder(a) - tieOrder(b));

  const memory = new RouteMemory(halfLives);
  const vectors = new Float32Array(requests.length * FEATURES);
  for (const { what, index } of events) {
    const request = requests[index]!;
    if (what === Happening.Arrival) {
      memory.extract(request, vectors.subarray(index * FEATURES, (index + 1) * FEATURES));
      memory.onArrival(request);
    } else if (what === Happening.Response) memory.onResponse(request);
    else memory.onEnd(request);
  }
  const faulty = Uint8Array.from(requests, (request) => (request.faulty ? 1 : 0));
  return { route, vectors, faulty };
}

/** Simultaneous: by request, and within one arrival, response, end. */
function tieOrder({ what, index }: Happened): number {
  return index * 3 + (2 - what);
}
