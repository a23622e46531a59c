// The statistics layer of one route: eight indicators of each window of about a second, each watched by
// its own detectors, together one piece of evidence. No weights, nothing to train: it knows a route after
// a few minutes of its traffic.
//
// A window lasts a second, longer at low rates: until five requests or ten seconds. It closes when the
// next event comes after its end, or on a tick. The request path adds to sums; the detectors work when a
// window closes. Evidence holds until the next window.
//
// Detectors of one signal, and then signals, are put together by the harmonic mean of their p-values: one
// that is sure is enough. What is learnt is slow and bounded: one window pulls a baseline by at most three of
// its deviations, and rare windows in a row are counted once in sixteen.

import { ROUTE_SIGNALS, RouteSignal, signalRisesOnly } from "../contract/route-signals";
import { exp2Negative } from "../state/math";
import { harmonicEvidence } from "./combine-evidence";
import { nextShare, surplusOf } from "./share";
import { DAILY_BYTES, SIGNAL_BYTES, Tuning, signalParts, stepSignal } from "./signal-detector";
import { Window, isDue, isOver, noteArrival, noteFinish, openWindow, rateOf } from "./window";

/** Half-lives of the averages. */
const FAST_MS: f32 = 2000;
const SLOW_MS: f32 = 200000;
const DRIFT_FAST_MS: f32 = 20000;
const DRIFT_SLOW_MS: f32 = 1200000;
/** Weight of a millisecond in its hour's averages: a half-life of two hours is one of two days. */
const HOUR_WEIGHT_PER_MS: f32 = 9.627e-8;
/** A longer window counts as one of this length. */
const ELAPSED_MS_MAX: f64 = 10000;
/** Deviations that one window may pull a baseline by. */
const REACH: f32 = 3;
/** Windows before shares are clipped. */
const CLIP_AFTER: i32 = 32;
const DAY_MS: f64 = 86400000;

/** Least deviation of an average of logarithms, of a maximum or a rate, of a surplus. */
const MEAN_FLOOR: f32 = 0.05;
const SINGLE_FLOOR: f32 = 0.1;
const SURPLUS_FLOOR: f32 = 0.5;

// @ts-ignore: decorator
@unmanaged
@final
class Monitor extends Window {
  failureShare: f32;
  refusalShare: f32;
  retryShare: f32;
  /** Windows closed. */
  windows: i32;
  /** Of the last window, Q8; and the signal that said most, -1 for none, kept as its number + 1. */
  evidenceQ8: i32;
  topSignal: i32;
}

const EVIDENCES: usize = offsetof<Monitor>();
const DETECTORS: usize = (EVIDENCES + <usize>ROUTE_SIGNALS * 2 + 7) & ~7;
const DAILY: usize = DETECTORS + <usize>ROUTE_SIGNALS * SIGNAL_BYTES;
/** Bytes of one route's monitor; all zero before the first event. */
export const MONITOR_BYTES: usize = DAILY + DAILY_BYTES;

if (MONITOR_BYTES > 2560) ERROR("a route's monitor has 2,560 bytes");

const TUNING: usize = memory.data(40, 8);
if (offsetof<Tuning>() > 40) ERROR("TUNING is too small");

/** Wall clock less the clock of the events, in ms; NaN while nobody has told. */
let wallOffsetMs: f64 = NaN;

/** Tells what to add to the time of an event to know the hour. @param offsetMs NaN: not known */
export function setWallClock(offsetMs: f64): void {
  wallOffsetMs = offsetMs;
}

function msOfDay(nowMs: f64): f64 {
  const wallMs = nowMs + wallOffsetMs;
  return wallMs - Math.floor(wallMs / DAY_MS) * DAY_MS;
}

/** Deviation that nothing of this signal falls below. */
function floorOf(signal: RouteSignal): f32 {
  if (signalRisesOnly(signal)) return SURPLUS_FLOOR;
  return signal == RouteSignal.Rate || signal == RouteSignal.SlowestLatency
    ? SINGLE_FLOOR
    : MEAN_FLOOR;
}

/** Hands a value to a signal's detectors and keeps their evidence. */
function feed(state: usize, signal: RouteSignal, x: f32, nowMs: f64): void {
  const tuning = changetype<Tuning>(TUNING);
  tuning.floor = floorOf(signal);
  tuning.risesOnly = <i32>signalRisesOnly(signal);
  const detector = state + DETECTORS + <usize>signal * SIGNAL_BYTES;
  const daily = signal == RouteSignal.Rate ? state + DAILY : 0;
  const parts = stepSignal(detector, daily, x, nowMs, msOfDay(nowMs), tuning);
  const evidence = parts > 0 ? harmonicEvidence(signalParts(), parts) : 0;
  store<u16>(state + EVIDENCES + ((<usize>signal) << 1), <u16>evidence);
}

/** Weights of a window of this length. */
function tuneFor(elapsedMs: f32): void {
  const tuning = changetype<Tuning>(TUNING);
  tuning.fastWeight = 1 - exp2Negative(elapsedMs / FAST_MS);
  tuning.slowWeight = 1 - exp2Negative(elapsedMs / SLOW_MS);
  tuning.driftFastWeight = 1 - exp2Negative(elapsedMs / DRIFT_FAST_MS);
  tuning.driftSlowWeight = 1 - exp2Negative(elapsedMs / DRIFT_SLOW_MS);
  tuning.hourWeight = elapsedMs * HOUR_WEIGHT_PER_MS;
  tuning.reach = REACH;
  tuning.guarded = 1;
}

function feedMeasures(state: usize, nowMs: f64, elapsedMs: f32): void {
  const monitor = changetype<Monitor>(state);
  feed(state, RouteSignal.Rate, rateOf(monitor, elapsedMs), nowMs);
  if (monitor.arrivals > 0) {
    feed(state, RouteSignal.Bytes, monitor.bytesSum / <f32>monitor.arrivals, nowMs);
  }
  if (monitor.latencies > 0) {
    feed(state, RouteSignal.Latency, monitor.latencySum / <f32>monitor.latencies, nowMs);
    feed(state, RouteSignal.SlowestLatency, monitor.latencyMax, nowMs);
  }
  if (monitor.bodies > 0) {
    feed(state, RouteSignal.BodyTime, monitor.bodySum / <f32>monitor.bodies, nowMs);
  }
}

/** Feeds one share and returns the next. */
function feedShare(
  state: usize,
  signal: RouteSignal,
  hits: i32,
  count: i32,
  share: f32,
  nowMs: f64,
): f32 {
  if (count == 0) return share;
  const windows = changetype<Monitor>(state).windows;
  const start: f32 = <f32>1 / <f32>(windows + 1);
  const weight = max(changetype<Tuning>(TUNING).driftSlowWeight, start);
  feed(state, signal, surplusOf(hits, count, share), nowMs);
  return nextShare(hits, count, share, weight, windows >= CLIP_AFTER);
}

function feedShares(state: usize, nowMs: f64): void {
  const m = changetype<Monitor>(state);
  m.failureShare = feedShare(
    state,
    RouteSignal.Failures,
    m.failures,
    m.answers,
    m.failureShare,
    nowMs,
  );
  m.refusalShare = feedShare(
    state,
    RouteSignal.Refusals,
    m.refusals,
    m.answers,
    m.refusalShare,
    nowMs,
  );
  m.retryShare = feedShare(state, RouteSignal.Retries, m.retries, m.arrivals, m.retryShare, nowMs);
}

/** Evidence of all signals, and which of them says most. */
function conclude(state: usize): void {
  const monitor = changetype<Monitor>(state);
  let top = 0;
  let most = 0;
  for (let i = 0; i < ROUTE_SIGNALS; i++) {
    const evidence = <i32>load<u16>(state + EVIDENCES + ((<usize>i) << 1));
    if (evidence > most) {
      most = evidence;
      top = i + 1;
    }
  }
  monitor.topSignal = top;
  monitor.evidenceQ8 = harmonicEvidence(state + EVIDENCES, ROUTE_SIGNALS);
}

function closeWindow(state: usize, nowMs: f64): void {
  const monitor = changetype<Monitor>(state);
  const elapsedMs = nowMs - monitor.startMs;
  memory.fill(state + EVIDENCES, 0, <usize>ROUTE_SIGNALS * 2);
  tuneFor(<f32>min(elapsedMs, ELAPSED_MS_MAX));
  feedMeasures(state, nowMs, <f32>elapsedMs);
  feedShares(state, nowMs);
  conclude(state);
  if (monitor.windows < i32.MAX_VALUE) monitor.windows++;
  openWindow(monitor, nowMs);
}

/**
 * Closes the window if it is over.
 *
 * @param state MONITOR_BYTES
 * @param nowMs the clock of the events; NaN is dropped
 * @returns whether a window was closed, so that the evidence is new
 */
export function monitorTick(state: usize, nowMs: f64): bool {
  const monitor = changetype<Monitor>(state);
  if (!isOver(monitor, nowMs)) return false;
  closeWindow(state, nowMs);
  return true;
}

/** Closes what is over, opens what is needed. */
// @ts-ignore: decorator
@inline
function windowAt(state: usize, nowMs: f64): Window {
  const window = changetype<Window>(state);
  if (isOver(window, nowMs)) closeWindow(state, nowMs);
  else if (isDue(window, nowMs)) openWindow(window, nowMs);
  return window;
}

/**
 * A request comes.
 *
 * @param requestBytes of its body as far as known
 * @param attempt 1 for the first
 */
export function onArrival(state: usize, nowMs: f64, requestBytes: f32, attempt: i32): void {
  noteArrival(windowAt(state, nowMs), requestBytes, attempt);
}

/**
 * A request ends.
 *
 * @param latencyMs to the last byte; negative: not known
 * @param ttfbMs to the first byte; negative: not known
 * @param status of the response; 0 without one
 */
export function onFinish(state: usize, nowMs: f64, latencyMs: f32, ttfbMs: f32, status: i32): void {
  noteFinish(windowAt(state, nowMs), latencyMs, ttfbMs, status);
}

/** Evidence of the last window, Q8, in [0, EVIDENCE_MAX]. */
export function monitorEvidenceQ8(state: usize): i32 {
  return changetype<Monitor>(state).evidenceQ8;
}

/** The signal that said most in the last window; -1 when none said anything. */
export function monitorTopSignal(state: usize): i32 {
  return changetype<Monitor>(state).topSignal - 1;
}

/** What one signal said of the last window, Q8; 0 for one that had nothing to look at. */
export function monitorSignalQ8(state: usize, signal: RouteSignal): i32 {
  return load<u16>(state + EVIDENCES + ((<usize>signal) << 1));
}
