// Entry of the scorer's laboratory module for feature extraction: the filter's own averages and
// extract() on one route, driven by a host that tells what happened when. The filter itself is replayed by
// the embedded host.

import { RequestShape, extract, featureVector } from "./features/extract";
import { noteAbandoned, noteArrival, noteEnd, noteLimited, noteResponse } from "./features/observe";
import { pathHash } from "./features/path-hash";
import { exp2Negative, log2 } from "./state/math";
import { RouteState, routeState } from "./state/route-state";

const SHAPE: usize = memory.data(64, 8);
const PATH: usize = memory.data(512, 8);
if (offsetof<RequestShape>() > 64) ERROR("SHAPE is too small");

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

/** Where a path of up to 512 bytes goes before hash(). */
export function pathArea(): usize {
  return PATH;
}

/** Hash of the path that stands there. */
export function hash(bytes: i32): u32 {
  return pathHash(PATH, bytes);
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
  attempt: i32,
  hashOfPath: u32,
): void {
  const shape = changetype<RequestShape>(SHAPE);
  shape.contentBytes = contentBytes;
  shape.headerBytes = headerBytes;
  shape.headerCount = headerCount;
  shape.pathBytes = pathBytes;
  shape.queryBytes = queryBytes;
  shape.unsafeMethod = unsafeMethod;
  shape.attempt = attempt;
  shape.pathHash = hashOfPath;
  const state = route();
  extract(state, shape, nowMs);
  noteArrival(state, shape, nowMs);
  noteLimited(state, limited != 0);
  if (!limited) state.inFlight++;
}

/** The vector of the last arrival: f32 x FEATURES. */
export function vector(): usize {
  return featureVector();
}

/** Response headers arrive. */
export function respond(nowMs: f64, ttfbMs: f32, status: i32, fastMs: f32, slowMs: f32): void {
  noteResponse(route(), status, ttfbMs, nowMs, fastMs, slowMs);
}

/** A request ends. @param status 0 when the client left before an answer */
export function finish(
  nowMs: f64,
  ttfbMs: f32,
  latencyMs: f32,
  status: i32,
  fastMs: f32,
  slowMs: f32,
): void {
  const state = route();
  if (status == 0) noteAbandoned(state, latencyMs, nowMs, fastMs, slowMs);
  else noteEnd(state, status, ttfbMs, latencyMs, nowMs, fastMs, slowMs);
  state.inFlight = max(0, state.inFlight - 1);
}
