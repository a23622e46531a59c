// What was learnt about a route; lives as long as the VM. Configurations come and go: a route of the same
// name finds its state again. Looked up by name only when a configuration is applied; the request path has
// the index.

import { ROUTES_MAX } from "../contract/limits";
import { REASONS, SCORE_LAYERS, VERDICTS } from "../contract/signals";
import { Ewma } from "./ewma";
import { SKETCH_BYTES, Sketch } from "./sketch";
import { Named, NAME_BYTES, findPlace, takePlace } from "./named-place";

/** States kept: those of the routes in force, and as many again that may come back. */
export const ROUTE_STATES_MAX: i32 = ROUTES_MAX * 2;
/** Space for the scorer's hidden state. */
export const SCORER_SPACE_BYTES: usize = 1024;
/** Space for the route's streaming statistics: of each second, and of the last minutes. */
export const MONITOR_SPACE_BYTES: usize = 2320;
export const WATCH_SPACE_BYTES: usize = 384;
/** Space for the threshold and its calibration. */
export const ALARM_SPACE_BYTES: usize = 192;
/** Metric ids kept with a state. */
export const ROUTE_METRIC_IDS: i32 = 36;

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
  /** False alarms an hour that the configuration in force accepts; 0 before there is one. */
  falseAlarmsPerHour: f32;
  /** Largest evidence in the alarm's window so far, the client of that request, and requests in it. */
  peakEvidence: i32;
  peakClient: u32;
  peakRequests: u32;
  /** Largest evidence of all other clients; negative without any. */
  othersEvidence: i32;
  /** When that window began; 0 before the first request. */
  peakSinceMs: f64;
  /** Keyed hash of the target that the content layer judged last, 0 for none, and what it said. */
  contentHash: u64;
  contentEvidence: i32;
  /** Incidents that began and are not yet flushed. */
  incidents: u32;
  /** Score of the last request, permille. */
  scorePermille: i32;
  /** Counters not yet flushed. */
  requests: u32;
  anomalies: u32;
}

/** What one layer of the scorer said of the route. */
// @ts-ignore: decorator
@unmanaged
@final
export class RouteLayer {
  /** Largest evidence in the alarm's window so far, and in the one before, Q8. */
  peak: i32;
  told: i32;
  /** Windows in which it alone reached the threshold, not yet flushed. */
  alarms: u32;
}

const NAME_OFFSET: usize = offsetof<RouteState>();
/** Tags of paths seen lately, by hash. */
export const PATH_TAGS: i32 = 64;
const TAGS_OFFSET: usize = NAME_OFFSET + NAME_BYTES;
const TTFB_OFFSET: usize = TAGS_OFFSET + <usize>PATH_TAGS * 2;
const LATENCY_OFFSET: usize = TTFB_OFFSET + offsetof<Ewma>();
const SKETCH_OFFSET: usize = (LATENCY_OFFSET + offsetof<Ewma>() + 15) & ~15;
const SCORER_OFFSET: usize = SKETCH_OFFSET + SKETCH_BYTES;
const MONITOR_OFFSET: usize = SCORER_OFFSET + SCORER_SPACE_BYTES;
const WATCH_OFFSET: usize = MONITOR_OFFSET + MONITOR_SPACE_BYTES;
const ALARM_OFFSET: usize = WATCH_OFFSET + WATCH_SPACE_BYTES;
/** Verdict counters: two (shadow, enforced) for each verdict. */
const LAYERS_OFFSET: usize = ALARM_OFFSET + ALARM_SPACE_BYTES;
const VERDICTS_OFFSET: usize = LAYERS_OFFSET + <usize>SCORE_LAYERS * offsetof<RouteLayer>();
const IDS_OFFSET: usize = VERDICTS_OFFSET + <usize>VERDICTS * 2 * 4;
const STATE_BYTES: usize = (IDS_OFFSET + <usize>ROUTE_METRIC_IDS * 4 + 15) & ~15;

const TABLE: usize = memory.data(677888, 16);
if (STATE_BYTES * <usize>ROUTE_STATES_MAX > 677888)
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

/** Streaming statistics of each second. */
// @ts-ignore: decorator
@inline
export function routeMonitor(state: RouteState): usize {
  return changetype<usize>(state) + MONITOR_OFFSET;
}

/** Streaming statistics of the last minutes. */
// @ts-ignore: decorator
@inline
export function routeWatch(state: RouteState): usize {
  return changetype<usize>(state) + WATCH_OFFSET;
}

/** Threshold, its calibration, and the incident. */
// @ts-ignore: decorator
@inline
export function routeAlarm(state: RouteState): usize {
  return changetype<usize>(state) + ALARM_OFFSET;
}

// @ts-ignore: decorator
@inline
export function routeLayer(state: RouteState, layer: i32): RouteLayer {
  const at = LAYERS_OFFSET + <usize>layer * offsetof<RouteLayer>();
  return changetype<RouteLayer>(changetype<usize>(state) + at);
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
