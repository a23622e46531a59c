// What happens to a request, into what a route remembers for its features. Beside extract.ts because both
// belong to one definition: whoever replays traffic must do these steps in this order.

import { addCensored, addSample } from "../state/ewma";
import { PATH_TAGS, RouteState, routeLatency, routePathTags } from "../state/route-state";
import { routeTtfb } from "../state/route-state";
import { RequestShape } from "./extract";

/** Weight of one outcome in the route's fast and slow error averages. */
const ERROR_FAST_WEIGHT: f32 = 0.1;
const ERROR_SLOW_WEIGHT: f32 = 0.01;
const LIMITED_WEIGHT: f32 = 0.02;
const RETRY_WEIGHT: f32 = 0.05;
const NOVELTY_WEIGHT: f32 = 0.05;

/** A request has arrived and its features are extracted. */
export function noteArrival(state: RouteState, shape: RequestShape, nowMs: f64): void {
  state.arrivalMs = nowMs;
  state.ended = 0;
  state.endedFailed = 0;
  const retry: f32 = shape.attempt > 1 ? 1 : 0;
  state.retryShare += RETRY_WEIGHT * (retry - state.retryShare);
  const place = routePathTags(state) + ((<usize>(shape.pathHash & (PATH_TAGS - 1))) << 1);
  const tag = (shape.pathHash >> 16) | 1;
  const novel: f32 = <u32>load<u16>(place) == tag ? 0 : 1;
  store<u16>(place, tag);
  state.pathNovelty += NOVELTY_WEIGHT * (novel - state.pathNovelty);
}

/** Whether a limit refused the request. */
export function noteLimited(state: RouteState, limited: bool): void {
  state.limitedShare += LIMITED_WEIGHT * ((limited ? <f32>1 : <f32>0) - state.limitedShare);
}

/** Response headers have arrived. */
export function noteResponse(
  state: RouteState,
  status: i32,
  ttfbMs: f32,
  nowMs: f64,
  fastHalfLifeMs: f32,
  slowHalfLifeMs: f32,
): void {
  addSample(routeTtfb(state), ttfbMs, nowMs, fastHalfLifeMs, slowHalfLifeMs);
  state.ttfbLastMs = ttfbMs;
  const failed: f32 = status >= 500 ? 1 : 0;
  state.errorFast += ERROR_FAST_WEIGHT * (failed - state.errorFast);
  state.errorSlow += ERROR_SLOW_WEIGHT * (failed - state.errorSlow);
  const clientError: f32 = status >= 400 && status < 500 && status != 429 ? 1 : 0;
  state.clientErrorFast += ERROR_FAST_WEIGHT * (clientError - state.clientErrorFast);
}

/** A request that was answered has ended. A fast failure must not look like a fast route. */
export function noteEnd(
  state: RouteState,
  status: i32,
  ttfbMs: f32,
  latencyMs: f32,
  nowMs: f64,
  fastHalfLifeMs: f32,
  slowHalfLifeMs: f32,
): void {
  state.ended++;
  if (status >= 500) {
    state.endedFailed++;
    return;
  }
  addSample(routeLatency(state), latencyMs, nowMs, fastHalfLifeMs, slowHalfLifeMs);
  state.latencyLastMs = latencyMs;
  state.streamLastMs = max<f32>(0, latencyMs - ttfbMs);
}

/** The client went away before an answer: the latency is at least this. */
export function noteAbandoned(
  state: RouteState,
  latencyMs: f32,
  nowMs: f64,
  fastHalfLifeMs: f32,
  slowHalfLifeMs: f32,
): void {
  addCensored(routeLatency(state), latencyMs, nowMs, fastHalfLifeMs, slowHalfLifeMs);
}
