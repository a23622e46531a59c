// What happened on a route within about a second: sums that the request path adds to, and the indicators
// that follow from them when the window closes. Logarithms are to base 2, so that a signal's unit is a
// doubling whatever the route's scale.

import { log2 } from "../state/math";

/** A window closes from here on, in ms, if enough has happened in it. */
const WINDOW_MS: f64 = 1000;
/** And from here on whatever has happened. */
const WINDOW_MS_MAX: f64 = 10000;
const ENOUGH: i32 = 5;
/** 2^53 ms: beyond, times lose their milliseconds. */
const TIME_MAX_MS: f64 = 9007199254740992;

/** Added before a logarithm: a latency of 0 ms, a request without a body. */
const LATENCY_OFFSET_MS: f32 = 0.0625;
const BYTES_OFFSET: f32 = 64;
/** Requests added before the logarithm of a rate: an empty window has one too. */
const RATE_OFFSET: f32 = 0.5;
/** Measurements beyond this are no measurements: 11 days, a terabyte. */
const MEASURE_MAX: f32 = 1e12;

/** Sums of one window; all zero before the first event. */
// @ts-ignore: decorator
@unmanaged
export class Window {
  /** When it was opened. */
  startMs: f64;
  /** 1 once there was an event. */
  open: i32;
  arrivals: i32;
  /** Arrivals that were not the first attempt. */
  retries: i32;
  /** Ends with a status, with one of 5xx, with one of 4xx other than 429. */
  answers: i32;
  failures: i32;
  refusals: i32;
  /** Ends with a latency, and with a time to first byte too. */
  latencies: i32;
  bodies: i32;
  /** Sums and maximum of logarithms. */
  bytesSum: f32;
  latencySum: f32;
  latencyMax: f32;
  bodySum: f32;
}

// @ts-ignore: decorator
@inline
function isMeasure(x: f32): bool {
  return x >= 0 && x <= MEASURE_MAX;
}

/** Whether this can be a time: what is no number, negative or infinite cannot. */
// @ts-ignore: decorator
@inline
function isTime(nowMs: f64): bool {
  return nowMs >= 0 && nowMs <= TIME_MAX_MS;
}

/** Whether the window is over at nowMs; a clock that goes back a little closes nothing. */
// @ts-ignore: decorator
@inline
export function isOver(window: Window, nowMs: f64): bool {
  const elapsed = nowMs - window.startMs;
  if (window.open == 0 || !(elapsed >= WINDOW_MS) || !isTime(nowMs)) return false;
  return elapsed >= WINDOW_MS_MAX || max(window.arrivals, window.latencies) >= ENOUGH;
}

/** Whether a window has to be begun at nowMs: there is none, or the clock was set back. */
// @ts-ignore: decorator
@inline
export function isDue(window: Window, nowMs: f64): bool {
  if (window.open != 0 && !(nowMs < window.startMs - WINDOW_MS_MAX)) return false;
  return isTime(nowMs);
}

/** Begins a window without events. */
export function openWindow(window: Window, nowMs: f64): void {
  memory.fill(changetype<usize>(window), 0, offsetof<Window>());
  window.startMs = nowMs;
  window.open = 1;
}

/** A request comes. @param requestBytes of its body; anything unreal counts as none */
export function noteArrival(window: Window, requestBytes: f32, attempt: i32): void {
  const bytes: f32 = isMeasure(requestBytes) ? requestBytes : 0;
  window.arrivals++;
  window.bytesSum += log2(bytes + BYTES_OFFSET);
  if (attempt > 1) window.retries++;
}

/**
 * A request ends.
 *
 * @param latencyMs to the last byte; anything unreal is left out
 * @param ttfbMs to the first byte; anything unreal is left out
 * @param status of the response; 0 without one
 */
export function noteFinish(window: Window, latencyMs: f32, ttfbMs: f32, status: i32): void {
  if (status >= 100 && status < 600) {
    window.answers++;
    if (status >= 500) window.failures++;
    else if (status >= 400 && status != 429) window.refusals++;
  }
  if (!isMeasure(latencyMs)) return;
  const latency = log2(latencyMs + LATENCY_OFFSET_MS);
  window.latencyMax = window.latencies == 0 ? latency : max(window.latencyMax, latency);
  window.latencySum += latency;
  window.latencies++;
  if (!isMeasure(ttfbMs)) return;
  window.bodySum += log2(max<f32>(0, latencyMs - ttfbMs) + LATENCY_OFFSET_MS);
  window.bodies++;
}

/** Requests per second, log2. @param elapsedMs since the window was opened, > 0 */
export function rateOf(window: Window, elapsedMs: f32): f32 {
  return log2(((<f32>window.arrivals + RATE_OFFSET) * 1000) / elapsedMs);
}
