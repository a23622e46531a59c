// Time-decayed averages of one latency: fast, slow, the slow one's variance, and a peak that jumps up
// at once. A half-life and not a fixed alpha, because an alpha's memory depends on how often it is fed.
// Time is an argument; a sample that is not newer than the last counts as simultaneous, never negative.
//
//   w       = max(1 - 2^(-dt / half_life), floor)
//   mean   += w (x - mean)
//   var     = (1 - w) (var + w (x - mean_old)^2)          (West 1979, exponential weights)
//   peak    = max(x, slow + (peak - slow) 2^(-dt / slow_half_life))
//
// The floors (0.15 fast, 0.03 slow) keep a burst of samples at one instant from counting as nothing.

import { ELAPSED_MS_MAX } from "../contract/limits";
import { exp2Negative } from "./math";

const FAST_FLOOR: f32 = 0.15;
const SLOW_FLOOR: f32 = 0.03;

/** One latency's averages, in ms; all zero before the first sample. */
// @ts-ignore: decorator
@unmanaged
@final
export class Ewma {
  fastMs: f32;
  slowMs: f32;
  /** Variance of the slow average, ms squared. */
  variance: f32;
  peakMs: f32;
  /** Time of the last sample; 0 before the first. */
  lastMs: f64;
  samples: u32;
  /** Samples in a row that were under half the slow average. */
  below: u32;
}

/** Milliseconds from then to now, clamped to [0, ELAPSED_MS_MAX]; 0 for anything unreal. */
// @ts-ignore: decorator
@inline
export function elapsedMs(thenMs: f64, nowMs: f64): f32 {
  const elapsed = nowMs - thenMs;
  if (!(elapsed > 0)) return 0;
  return <f32>min(elapsed, <f64>ELAPSED_MS_MAX);
}

/** Milliseconds from then to now, without the clamp: how old an estimate is. */
// @ts-ignore: decorator
@inline
export function ageMs(thenMs: f64, nowMs: f64): f32 {
  return <f32>max<f64>(0, nowMs - thenMs);
}

/**
 * Adds a finished request.
 *
 * @param xMs its latency; negative or NaN is dropped
 */
export function addSample(
  ewma: Ewma,
  xMs: f32,
  nowMs: f64,
  fastHalfLifeMs: f32,
  slowHalfLifeMs: f32,
): void {
  if (!(xMs >= 0)) return;
  if (ewma.samples == 0) {
    ewma.fastMs = xMs;
    ewma.slowMs = xMs;
    ewma.variance = 0;
    ewma.peakMs = xMs;
    ewma.lastMs = nowMs;
    ewma.samples = 1;
    return;
  }
  const dtMs = elapsedMs(ewma.lastMs, nowMs);
  const fastWeight = max<f32>(1 - exp2Negative(dtMs / fastHalfLifeMs), FAST_FLOOR);
  const slowDecay = exp2Negative(dtMs / slowHalfLifeMs);
  const slowWeight = max<f32>(1 - slowDecay, SLOW_FLOOR);
  const delta = xMs - ewma.slowMs;
  ewma.fastMs += fastWeight * (xMs - ewma.fastMs);
  ewma.variance = (1 - slowWeight) * (ewma.variance + slowWeight * delta * delta);
  ewma.slowMs += slowWeight * delta;
  ewma.peakMs = max<f32>(xMs, ewma.slowMs + (ewma.peakMs - ewma.slowMs) * slowDecay);
  ewma.lastMs = max(nowMs, ewma.lastMs);
  if (ewma.samples < u32.MAX_VALUE) ewma.samples++;
  noteRecovery(ewma, xMs);
}

/**
 * Three samples in a row under half the slow average are a recovery, not luck: the slow average is
 * halved for each further one. Without this an arm that was 10 times slower needs several half-lives of
 * rare probes before it is believed again.
 */
function noteRecovery(ewma: Ewma, xMs: f32): void {
  if (xMs * 2 >= ewma.slowMs) {
    ewma.below = 0;
    return;
  }
  ewma.below++;
  if (ewma.below < 3) return;
  ewma.slowMs = max<f32>(ewma.slowMs * 0.5, max<f32>(ewma.fastMs, xMs));
  ewma.variance *= 0.25;
}

/**
 * Adds a request that ended unfinished after xMs: its latency is at least that. Only what is over the
 * estimate says anything.
 */
export function addCensored(
  ewma: Ewma,
  xMs: f32,
  nowMs: f64,
  fastHalfLifeMs: f32,
  slowHalfLifeMs: f32,
): void {
  if (ewma.samples > 0 && xMs > ewma.fastMs && xMs > ewma.slowMs) {
    addSample(ewma, xMs, nowMs, fastHalfLifeMs, slowHalfLifeMs);
  }
}
