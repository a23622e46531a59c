// One signal, its detectors: a shift within seconds or minutes, a drift over many of them, and, for a signal
// that has hours, the time of day. Each gives evidence of its own; whoever has the signal puts them together.

import { LevelShift, stepLevelShift } from "./level-shift";
import { TAIL_BYTES, Tail, stepTail } from "./tail";
import { TIME_OF_DAY_BYTES, TimeOfDay, stepTimeOfDay } from "./time-of-day";

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
  /** The same of an hour's average. */
  hourWeight: f32;
  /** Deviation that nothing falls below, in the signal's unit, > 0. */
  floor: f32;
  /** Deviations that one value may pull the slow averages by; REACH_FREE for no bound. */
  reach: f32;
  /** 1: only a rise is news. */
  risesOnly: i32;
  /** 1: what is rare is learnt slowly; see tail.ts. */
  guarded: i32;
}

const SHIFT: usize = 0;
const DRIFT: usize = SHIFT + offsetof<LevelShift>();
const SHIFT_TAIL: usize = DRIFT + offsetof<LevelShift>();
const DRIFT_TAIL: usize = SHIFT_TAIL + TAIL_BYTES;
const DAILY_TAIL: usize = TIME_OF_DAY_BYTES;

/** Bytes of one signal; all zero before the first value. */
export const SIGNAL_BYTES: usize = DRIFT_TAIL + TAIL_BYTES;
/** Bytes of the hours of one signal that has some. */
export const DAILY_BYTES: usize = (DAILY_TAIL + TAIL_BYTES + 7) & ~7;

if ((SIGNAL_BYTES & 7) != 0) ERROR("signals must follow each other on 8-byte boundaries");

const PARTS: usize = memory.data(8, 8);

/** Evidence of each detector of the last signal: shift, drift, time of day if it was counted; u16, Q8. */
export function signalParts(): usize {
  return PARTS;
}

/** Whether stepSignal takes a value. */
// @ts-ignore: decorator
@inline
export function isSignal(x: f32): bool {
  return abs<f32>(x) <= MAGNITUDE_MAX;
}

/** Keeps the evidence of one detector. @param shift in deviations */
function keep(part: i32, tail: usize, shift: f32, tuning: Tuning): void {
  const size = tuning.risesOnly != 0 ? max<f32>(0, shift) : abs<f32>(shift);
  const evidence = stepTail(changetype<Tail>(tail), size, tuning.guarded != 0);
  store<u16>(PARTS + ((<usize>part) << 1), <u16>evidence);
}

/**
 * Takes a value.
 *
 * @param signal SIGNAL_BYTES
 * @param daily DAILY_BYTES; 0 for a signal without hours
 * @param x in whatever unit; one that is no number or beyond 1e15 is dropped
 * @param nowMs any clock that runs on
 * @param dayMs ms since midnight; NaN where the wall clock is not known
 * @returns detectors that have said something: so many pieces of evidence are at signalParts()
 */
export function stepSignal(
  signal: usize,
  daily: usize,
  x: f32,
  nowMs: f64,
  dayMs: f64,
  tuning: Tuning,
): i32 {
  if (!isSignal(x)) return 0;
  const floor = tuning.floor;
  const reach = tuning.reach;
  const shift = changetype<LevelShift>(signal + SHIFT);
  const near = stepLevelShift(shift, x, tuning.fastWeight, tuning.slowWeight, floor, reach);
  keep(0, signal + SHIFT_TAIL, near, tuning);
  const drift = changetype<LevelShift>(signal + DRIFT);
  const fast = tuning.driftFastWeight;
  const far = stepLevelShift(drift, x, fast, tuning.driftSlowWeight, floor, reach);
  keep(1, signal + DRIFT_TAIL, far, tuning);
  if (daily == 0) return 2;
  const hours = changetype<TimeOfDay>(daily);
  const hourly = stepTimeOfDay(hours, x, nowMs, dayMs, tuning.hourWeight, floor);
  if (hourly < 0) return 2;
  keep(2, daily + DAILY_TAIL, hourly, tuning);
  return 3;
}
