// What was learnt about a route; lives as long as the VM. Configurations come and go: a route of the same
// name finds its state again. Looked up by name only when a configuration is applied; the request path has
// the index.

import { ROUTES_MAX } from "../contract/limits";
import { REASONS, VERDICTS } from "../contract/signals";
import { Ewma } from "./ewma";
import { SKETCH_BYTES, Sketch } from "./sketch";
import { Named, NAME_BYTES, findPlace, takePlace } from "./named-place";

/** States kept: those of the routes in force, and as many again that may come back. */
export const ROUTE_STATES_MAX: i32 = ROUTES_MAX * 2;
/** Space for the scorer's hidden state. */
export const SCORER_SPACE_BYTES: usize = 1024;
/** Metric ids kept with a state. */
export const ROUTE_METRIC_IDS: i32 = 32;

// @ts-ignore: decorator
@unmanaged
@final
export class RouteState extends Named {
  /** When the last request came; 0 before the first. */
  arrivalMs: f64;
  errorFast: f32;
  errorSlow: f32;
  limitedShare: f32;
  clientErrorFast: f32;
  retryShare: f32;
  pathNovelty: f32;
  /** Of the request that ended last without a server error, and whether there was one. */
  latencyLastMs: f32;
  streamLastMs: f32;
  /** Of the response that began last. */
  ttfbLastMs: f32;
  /** Requests that ended since the last arrival, and those among them with a server error. */
  ended: u32;
  endedFailed: u32;
  /** Score of the last request, permille. */
  scorePermille: i32;
  /** Counters not yet flushed. */
  requests: u32;
  anomalies: u32;
}

const NAME_OFFSET: usize = offsetof<RouteState>();
/** Tags of paths seen lately, by hash. */
export const PATH_TAGS: i32 = 64;
const TAGS_OFFSET: usize = NAME_OFFSET + NAME_BYTES;
const TTFB_OFFSET: usize = TAGS_OFFSET + <usize>PATH_TAGS * 2;
const LATENCY_OFFSET: usize = TTFB_OFFSET + offsetof<Ewma>();
const SKETCH_OFFSET: usize = (LATENCY_OFFSET + offsetof<Ewma>() + 15) & ~15;
const SCORER_OFFSET: usize = SKETCH_OFFSET + SKETCH_BYTES;
/** Verdict counters: two (shadow, enforced) for each verdict. */
const VERDICTS_OFFSET: usize = SCORER_OFFSET + SCORER_SPACE_BYTES;
const IDS_OFFSET: usize = VERDICTS_OFFSET + <usize>VERDICTS * 2 * 4;
const STATE_BYTES: usize = (IDS_OFFSET + <usize>ROUTE_METRIC_IDS * 4 + 15) & ~15;

const TABLE: usize = memory.data(307200, 16);
if (STATE_BYTES * <usize>ROUTE_STATES_MAX > 307200)
  ERROR("TABLE is too small for the route states");
if (REASONS > 8) ERROR("reasons do not fit their labels");

/** @param index in [0, ROUTE_STATES_MAX) */
// @ts-ignore: decorator
@inline
export function routeState(index: i32): RouteState {
  return changetype<RouteState>(TABLE + <usize>index * STATE_BYTES);
}

// @ts-ignore: decorator
@inline
export function routeName(state: RouteState): usize {
  return changetype<usize>(state) + NAME_OFFSET;
}

/** u16[PATH_TAGS]: the path seen last in each place; 0 is none. */
// @ts-ignore: decorator
@inline
export function routePathTags(state: RouteState): usize {
  return changetype<usize>(state) + TAGS_OFFSET;
}

/** Time to first byte. */
// @ts-ignore: decorator
@inline
export function routeTtfb(state: RouteState): Ewma {
  return changetype<Ewma>(changetype<usize>(state) + TTFB_OFFSET);
}

/** Time to last byte. */
// @ts-ignore: decorator
@inline
export function routeLatency(state: RouteState): Ewma {
  return changetype<Ewma>(changetype<usize>(state) + LATENCY_OFFSET);
}

/** Quantiles of time to last byte. */
// @ts-ignore: decorator
@inline
export function routeSketch(state: RouteState): Sketch {
  return changetype<Sketch>(changetype<usize>(state) + SKETCH_OFFSET);
}

/** Hidden state of the scorer. */
// @ts-ignore: decorator
@inline
export function routeScorer(state: RouteState): usize {
  return changetype<usize>(state) + SCORER_OFFSET;
}

/** Pending count of a verdict. */
// @ts-ignore: decorator
@inline
export function verdictCount(state: RouteState, verdict: i32, enforced: i32): usize {
  return changetype<usize>(state) + VERDICTS_OFFSET + <usize>(verdict * 2 + enforced) * 4;
}

/** Place of a metric id. */
// @ts-ignore: decorator
@inline
export function routeMetricId(state: RouteState, index: i32): usize {
  return changetype<usize>(state) + IDS_OFFSET + <usize>index * 4;
}

let used: i32 = 0;

/** Places from here on have never been used. */
export function routeStatesUsed(): i32 {
  return used;
}

/**
 * Finds the state of a name or makes one; replaces a state that no configuration in force refers to.
 *
 * @param sequence of the generation that is being applied
 * @param oldestSequence still in force; states bound before it may go
 * @returns the index, -1 when every place is in use
 */
export function bindRoute(
  nameHash: u64,
  name: usize,
  nameLength: i32,
  sequence: u32,
  oldestSequence: u32,
): i32 {
  const free = findPlace(TABLE, STATE_BYTES, ROUTE_STATES_MAX, nameHash, oldestSequence);
  if (free < 0) return -1;
  used = max(used, free + 1);
  const state = routeState(free);
  takePlace(state, STATE_BYTES, NAME_OFFSET, nameHash, name, nameLength, sequence);
  return free;
}
