// Entry of the scorer's laboratory module for feature extraction: the filter's own averages and
// extract() on one route, driven by a host that tells what happened when. The few lines of
// bookkeeping between them are reflex.ts's; the filter itself is replayed by the embedded host.

import { RequestShape, extract, featureVector } from "./features/extract";
import { addCensored, addSample } from "./state/ewma";
import { exp2Negative, log2 } from "./state/math";
import { RouteState, routeLatency, routeState, routeTtfb } from "./state/route-state";

const ERROR_FAST_WEIGHT: f32 = 0.1;
const ERROR_SLOW_WEIGHT: f32 = 0.01;
const LIMITED_WEIGHT: f32 = 0.02;

const SHAPE: usize = memory.data(32, 8);
if (offsetof<RequestShape>() > 32) ERROR("SHAPE is too small");

export { exp2Negative, log2 };

// @ts-ignore: decorator
@inline
function route(): RouteState {
  return routeState(0);
}

/** Forgets the route. */
export function forget(): void {
  const start = changetype<usize>(routeState(0));
  memory.fill(start, 0, changetype<usize>(routeState(1)) - start);
}

/** A request arrives; its features are at vector() afterwards. */
export function arrive(
  nowMs: f64,
  contentBytes: f64,
  headerBytes: i32,
  headerCount: i32,
  pathBytes: i32,
  queryBytes: i32,
  unsafeMethod: i32,
  limited: i32,
): void {
  const shape = changetype<RequestShape>(SHAPE);
  shape.contentBytes = contentBytes;
  shape.headerBytes = headerBytes;
  shape.headerCount = headerCount;
  shape.pathBytes = pathBytes;
  shape.queryBytes = queryBytes;
  shape.unsafeMethod = unsafeMethod;
  const state = route();
  extract(state, shape, nowMs);
  state.arrivalMs = nowMs;
  state.limitedShare += LIMITED_WEIGHT * (<f32>limited - state.limitedShare);
  if (!limited) state.inFlight++;
}

/** The vector of the last arrival: f32 x FEATURES. */
export function vector(): usize {
  return featureVector();
}

/** Response headers arrive. */
export function respond(nowMs: f64, ttfbMs: f32, failed: i32, fastMs: f32, slowMs: f32): void {
  const state = route();
  addSample(routeTtfb(state), ttfbMs, nowMs, fastMs, slowMs);
  state.errorFast += ERROR_FAST_WEIGHT * (<f32>failed - state.errorFast);
  state.errorSlow += ERROR_SLOW_WEIGHT * (<f32>failed - state.errorSlow);
}

/** A request ends. @param outcome 0 success, 1 failure, 2 the client left before an answer */
export function finish(nowMs: f64, latencyMs: f32, outcome: i32, fastMs: f32, slowMs: f32): void {
  const state = route();
  if (outcome == 0) addSample(routeLatency(state), latencyMs, nowMs, fastMs, slowMs);
  if (outcome == 2) addCensored(routeLatency(state), latencyMs, nowMs, fastMs, slowMs);
  state.inFlight = max(0, state.inFlight - 1);
}
