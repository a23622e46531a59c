// The statistics layer of one route, for alarms: how far seven indicators are above what is usual, over
// the last half minute and the last minutes. Where route-monitor asks how rare each second is, this asks
// whether many seconds together have moved. At one alarm an hour that is the difference: a pause of one
// arm makes a second that has never been, and is over before anybody could look.
//
//   per second    sum and count of each indicator
//   per scale     sum = sum 2^(-dt / h) + new, count alike, half-lives of 20 s and 60 s
//                 x = sum / count; for a share (sum + 30 m) / (count + 30): thirty requests as usual are
//                 believed beforehand, so that the first failure of a quiet route is not an outage
//   deviation     z = (x - m) / (sqrt(v) + floor), rises only
//   learning      m and v follow with a half-life of an hour, by at most three deviations a second: an
//                 incident of minutes must not become the usual
//   evidence      300 (largest z + half the second largest), Q8; an indicator counts with the larger of
//                 its scales
//
// No histogram of z: one that learns fast enough to be of use in an hour learns the incident as well,
// and in our trials that cost a sixth of what is found. 300 is what makes the evidence of one alarm an
// hour come out at 3 to 4 decades on the routes of the fault suite; the alarm's own threshold does the
// rest. The rate is not watched: crowds are healthy, and what is not shows in another indicator too.

import { EVIDENCE_MAX } from "../contract/evidence";
import { RouteSignal } from "../contract/route-signals";
import { exp2Negative, log2 } from "../state/math";
import { QuantileLine, passesLine } from "./quantile-line";

/** Indicators by RouteSignal; in the place of the rate stands the share of large requests. */
export const WATCH_SIGNALS: i32 = 8;
const LARGE: i32 = 0;
const SCALES: i32 = 2;

const SHORT_MS: f32 = 20000;
const LONG_MS: f32 = 60000;
const LEARNING_MS: f32 = 3600000;
const STEP_MS: f64 = 1000;
/** A longer step teaches like one of this length. */
const STEP_MS_MAX: f64 = 10000;
/** 2^53 ms: beyond, times lose their milliseconds. */
const TIME_MAX_MS: f64 = 9007199254740992;
/** Measurements beyond this are no measurements: 11 days, a terabyte. */
const MEASURE_MAX: f32 = 1e12;

/** Added before a logarithm. */
const LATENCY_OFFSET_MS: f32 = 0.0625;
const BODY_OFFSET_MS: f32 = 1;
const BYTES_OFFSET: f32 = 64;
/** An answer is slow 1.4 times above nine in ten, a request large twice above 99 in a hundred. */
const SLOW_ABOVE: f32 = 0.5;
const SLOW_SHARE: f32 = 0.9;
const SLOW_STEP: f32 = 0.005;
const LARGE_ABOVE: f32 = 1;
const LARGE_SHARE: f32 = 0.99;
const LARGE_STEP: f32 = 0.02;

const PRIOR: f32 = 30;
const COUNT_MIN: f32 = 0.05;
const CLIP: f32 = 3;
const SHARE_FLOOR: f32 = 0.005;
const MEAN_FLOOR: f32 = 0.02;
const SECOND_WEIGHT: f32 = 0.5;
const EVIDENCE_PER_DEVIATION: f32 = 300;
/** Steps in which everything is learnt and nothing said. */
const QUIET_STEPS: i32 = 60;

// @ts-ignore: decorator
@unmanaged
@final
class Watch {
  startMs: f64;
  /** 1 once there was an event. */
  open: i32;
  /** Steps closed. */
  steps: i32;
  /** Of the last step, Q8; and the signal that said most, -1 for none, kept as its number + 1. */
  evidenceQ8: i32;
  topSignal: i32;
}

/** What happened in the step under way. */
// @ts-ignore: decorator
@unmanaged
@final
class Tally {
  sum: f32;
  count: f32;
}

/** One indicator in one scale. */
// @ts-ignore: decorator
@unmanaged
@final
class Average {
  sum: f32;
  count: f32;
  mean: f32;
  variance: f32;
}

const LATENCY_LINE: usize = offsetof<Watch>();
const BYTES_LINE: usize = LATENCY_LINE + offsetof<QuantileLine>();
const TALLIES: usize = BYTES_LINE + offsetof<QuantileLine>();
const TALLIES_BYTES: usize = <usize>WATCH_SIGNALS * offsetof<Tally>();
const AVERAGES: usize = TALLIES + TALLIES_BYTES;
/** Bytes of one route's watch; all zero before the first event. */
export const WATCH_BYTES: usize = AVERAGES + <usize>(SCALES * WATCH_SIGNALS) * offsetof<Average>();

if ((WATCH_BYTES & 7) != 0) ERROR("watches must follow each other on 8-byte boundaries");

// @ts-ignore: decorator
@inline
function isMeasure(x: f32): bool {
  return x >= 0 && x <= MEASURE_MAX;
}

// @ts-ignore: decorator
@inline
function isTime(nowMs: f64): bool {
  return nowMs >= 0 && nowMs <= TIME_MAX_MS;
}

function isShare(signal: i32): bool {
  return (
    signal == LARGE ||
    signal == RouteSignal.SlowestLatency ||
    signal == RouteSignal.Failures ||
    signal == RouteSignal.Refusals ||
    signal == RouteSignal.Retries
  );
}

// @ts-ignore: decorator
@inline
function add(state: usize, signal: i32, value: f32): void {
  const tally = changetype<Tally>(state + TALLIES + <usize>signal * offsetof<Tally>());
  tally.sum += value;
  tally.count += 1;
}

// @ts-ignore: decorator
@inline
function addHit(state: usize, signal: i32, isHit: bool): void {
  add(state, signal, isHit ? 1 : 0);
}

function openStep(state: usize, nowMs: f64): void {
  const watch = changetype<Watch>(state);
  memory.fill(state + TALLIES, 0, TALLIES_BYTES);
  watch.startMs = nowMs;
  watch.open = 1;
}

/**
 * Brings one indicator up to date.
 *
 * @param keep share of the past that is left, in [0, 1]
 * @param weight of the new value in what is usual, in (0, 1]
 * @returns deviations above the usual, 0 or more
 */
function step(state: usize, signal: i32, scale: i32, keep: f32, weight: f32): f32 {
  const tally = changetype<Tally>(state + TALLIES + <usize>signal * offsetof<Tally>());
  const place = AVERAGES + <usize>(scale * WATCH_SIGNALS + signal) * offsetof<Average>();
  const average = changetype<Average>(state + place);
  const sum = average.sum * keep + tally.sum;
  const count = average.count * keep + tally.count;
  average.sum = sum;
  average.count = count;
  if (count < COUNT_MIN) return 0;
  const shared = isShare(signal);
  const prior: f32 = shared ? PRIOR : 0;
  const mean = average.mean;
  const variance = average.variance;
  const value = (sum + prior * mean) / (count + prior);
  const distance = value - mean;
  const unit = sqrt<f32>(variance) + (shared ? SHARE_FLOOR : MEAN_FLOOR);
  const reach = CLIP * unit;
  const pull = max(-reach, min(reach, distance));
  average.mean = mean + weight * pull;
  average.variance = variance + weight * (pull * pull - variance);
  return max<f32>(0, distance / unit);
}

function closeStep(state: usize, nowMs: f64): void {
  const watch = changetype<Watch>(state);
  const elapsed = nowMs - watch.startMs;
  const elapsedMs = <f32>min(elapsed, STEP_MS_MAX);
  const start: f32 = <f32>1 / <f32>(watch.steps + 1);
  const weight = max(<f32>1 - exp2Negative(elapsedMs / LEARNING_MS), start);
  const keepShort = exp2Negative(<f32>elapsed / SHORT_MS);
  const keepLong = exp2Negative(<f32>elapsed / LONG_MS);
  let most: f32 = 0;
  let second: f32 = 0;
  let top = -1;
  for (let signal = 0; signal < WATCH_SIGNALS; signal++) {
    const near = step(state, signal, 0, keepShort, weight);
    const far = step(state, signal, 1, keepLong, weight);
    const value = max(near, far);
    if (value > most) {
      second = most;
      most = value;
      top = signal;
    } else if (value > second) {
      second = value;
    }
  }
  if (watch.steps < i32.MAX_VALUE) watch.steps++;
  const isYoung = watch.steps <= QUIET_STEPS;
  const evidence = EVIDENCE_PER_DEVIATION * (most + SECOND_WEIGHT * second);
  watch.evidenceQ8 = isYoung ? 0 : <i32>min<f32>(evidence, <f32>EVIDENCE_MAX);
  watch.topSignal = isYoung ? 0 : (top == LARGE ? RouteSignal.Bytes : top) + 1;
  openStep(state, nowMs);
}

/**
 * Closes the step if it is over.
 *
 * @param state WATCH_BYTES
 * @param nowMs the clock of the events; NaN is dropped
 * @returns whether a step was closed, so that the evidence is new
 */
export function watchTick(state: usize, nowMs: f64): bool {
  const watch = changetype<Watch>(state);
  if (watch.open == 0 || !(nowMs - watch.startMs >= STEP_MS) || !isTime(nowMs)) return false;
  closeStep(state, nowMs);
  return true;
}

/** Closes what is over, opens what is needed. */
// @ts-ignore: decorator
@inline
function advance(state: usize, nowMs: f64): void {
  if (watchTick(state, nowMs)) return;
  const watch = changetype<Watch>(state);
  const isDue = watch.open == 0 || nowMs < watch.startMs - STEP_MS_MAX;
  if (isDue && isTime(nowMs)) openStep(state, nowMs);
}

/**
 * A request comes.
 *
 * @param requestBytes of its body as far as known; anything unreal counts as none
 * @param attempt 1 for the first
 */
export function watchArrival(state: usize, nowMs: f64, requestBytes: f32, attempt: i32): void {
  advance(state, nowMs);
  const bytes = log2((isMeasure(requestBytes) ? requestBytes : 0) + BYTES_OFFSET);
  const line = changetype<QuantileLine>(state + BYTES_LINE);
  add(state, RouteSignal.Bytes, bytes);
  addHit(state, LARGE, passesLine(line, bytes, LARGE_ABOVE, LARGE_SHARE, LARGE_STEP));
  addHit(state, RouteSignal.Retries, attempt > 1);
}

/**
 * A request ends.
 *
 * @param latencyMs to the last byte; anything unreal is left out
 * @param ttfbMs to the first byte; anything unreal is left out
 * @param status of the response; 0 without one
 */
export function watchFinish(
  state: usize,
  nowMs: f64,
  latencyMs: f32,
  ttfbMs: f32,
  status: i32,
): void {
  advance(state, nowMs);
  if (status < 100 || status >= 600) return;
  addHit(state, RouteSignal.Failures, status >= 500);
  addHit(state, RouteSignal.Refusals, status >= 400 && status < 500 && status != 429);
  // A refusal or a failure says nothing of how long the work takes.
  if (status >= 400 || !isMeasure(latencyMs)) return;
  const latency = log2(latencyMs + LATENCY_OFFSET_MS);
  const line = changetype<QuantileLine>(state + LATENCY_LINE);
  const isSlow = passesLine(line, latency, SLOW_ABOVE, SLOW_SHARE, SLOW_STEP);
  add(state, RouteSignal.Latency, latency);
  addHit(state, RouteSignal.SlowestLatency, isSlow);
  if (!isMeasure(ttfbMs)) return;
  add(state, RouteSignal.BodyTime, log2(max<f32>(0, latencyMs - ttfbMs) + BODY_OFFSET_MS));
}

/** Evidence of the last step, Q8, in [0, EVIDENCE_MAX]. */
export function watchEvidenceQ8(state: usize): i32 {
  return changetype<Watch>(state).evidenceQ8;
}

/** The signal that said most in the last step; -1 when none said anything. */
export function watchTopSignal(state: usize): i32 {
  return changetype<Watch>(state).topSignal - 1;
}
