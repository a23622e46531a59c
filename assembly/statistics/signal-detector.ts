// One signal, all of its detectors: a shift within seconds or minutes, a drift over many of them, the time
// of day, and the range of all that was. What two detectors find unlikely at once is more than either says
// alone, what one finds alone is less: their evidence is averaged. A new extreme comes on top, because no
// average of the past can know it.
//
//   evidence = mean(shift, drift, time of day where known) + 2.0 for a new extreme, at most EVIDENCE_MAX

import { EVIDENCE_MAX, EVIDENCE_ONE } from "../contract/evidence";
import { Extremes, startExtremes, stepExtremes } from "./extremes";
import { LevelShift, stepLevelShift } from "./level-shift";
import { TAIL_BYTES, Tail, stepTail } from "./tail";
import { TIME_OF_DAY_BYTES, TimeOfDay, stepTimeOfDay } from "./time-of-day";

/** Evidence of a new extreme, and values before there can be one. */
const EXTREME_Q8: i32 = 2 * EVIDENCE_ONE;
const EXTREME_AFTER: i32 = 64;
/** Values of a larger magnitude are dropped: their square must be a float. */
const MAGNITUDE_MAX: f32 = 1e15;

/** How a signal is looked at; the caller's, the same from value to value but for the weights. */
// @ts-ignore: decorator
@unmanaged
@final
export class Tuning {
  /** Shares of a new value in the averages of the shift; see level-shift.ts. */
  fastWeight: f32;
  slowWeight: f32;
  /** The same of the drift, smaller. */
  driftFastWeight: f32;
  driftSlowWeight: f32;
  /** Deviation that nothing falls below, in the signal's unit, > 0. */
  floor: f32;
  /** Deviations that one value may pull the slow averages by; REACH_FREE for no bound. */
  reach: f32;
  /** 1: only a rise is news, and a new extreme is none (the first failure ever is one). */
  risesOnly: i32;
}

const SHIFT: usize = 0;
const DRIFT: usize = SHIFT + offsetof<LevelShift>();
const EXTREMES: usize = DRIFT + offsetof<LevelShift>();
const SHIFT_TAIL: usize = EXTREMES + offsetof<Extremes>();
const DRIFT_TAIL: usize = SHIFT_TAIL + TAIL_BYTES;
const DAILY_TAIL: usize = TIME_OF_DAY_BYTES;

/** Bytes of one signal; all zero before the first value. */
export const SIGNAL_BYTES: usize = DRIFT_TAIL + TAIL_BYTES;
/** Bytes of the hours of one signal that has some. */
export const DAILY_BYTES: usize = (DAILY_TAIL + TAIL_BYTES + 7) & ~7;

if ((SIGNAL_BYTES & 7) != 0) ERROR("signals must follow each other on 8-byte boundaries");

/** Evidence that x lies where nothing has been, Q8. @param seen values before */
function extremeEvidence(extremes: Extremes, x: f32, seen: i32): i32 {
  if (seen == 0) {
    startExtremes(extremes, x);
    return 0;
  }
  const isNew = stepExtremes(extremes, x);
  return isNew && seen >= EXTREME_AFTER ? EXTREME_Q8 : 0;
}

/** Magnitude of a shift; 0 for a fall where only rises are news. */
// @ts-ignore: decorator
@inline
function magnitude(shift: f32, risesOnly: i32): f32 {
  return risesOnly != 0 ? max<f32>(0, shift) : abs<f32>(shift);
}

/**
 * Takes a value.
 *
 * @param signal SIGNAL_BYTES
 * @param daily DAILY_BYTES; 0 for a signal without hours
 * @param x in whatever unit; one that is no number or beyond 1e15 is dropped
 * @param nowMs any clock that runs on
 * @param dayMs ms since midnight; NaN where the wall clock is not known
 * @returns evidence, Q8, in [0, EVIDENCE_MAX]
 */
export function stepSignal(
  signal: usize,
  daily: usize,
  x: f32,
  nowMs: f64,
  dayMs: f64,
  tuning: Tuning,
): i32 {
  if (!(abs<f32>(x) <= MAGNITUDE_MAX)) return 0;
  const floor = tuning.floor;
  const reach = tuning.reach;
  const risesOnly = tuning.risesOnly;
  const shift = changetype<LevelShift>(signal + SHIFT);
  const drift = changetype<LevelShift>(signal + DRIFT);
  const extremes = changetype<Extremes>(signal + EXTREMES);
  const extreme = risesOnly != 0 ? 0 : extremeEvidence(extremes, x, shift.samples);
  const near = stepLevelShift(shift, x, tuning.fastWeight, tuning.slowWeight, floor, reach);
  const far = stepLevelShift(
    drift,
    x,
    tuning.driftFastWeight,
    tuning.driftSlowWeight,
    floor,
    reach,
  );
  let sum = stepTail(changetype<Tail>(signal + SHIFT_TAIL), magnitude(near, risesOnly));
  sum += stepTail(changetype<Tail>(signal + DRIFT_TAIL), magnitude(far, risesOnly));
  let parts = 2;
  if (daily != 0) {
    const hourly = stepTimeOfDay(changetype<TimeOfDay>(daily), x, nowMs, dayMs, floor);
    if (hourly >= 0) {
      sum += stepTail(changetype<Tail>(daily + DAILY_TAIL), hourly);
      parts = 3;
    }
  }
  return min(sum / parts + extreme, EVIDENCE_MAX);
}
