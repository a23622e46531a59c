// What was learnt about an arm of a route; lives as long as the VM, found again by name when a new
// configuration is applied.

import { ARMS_MAX } from "../contract/limits";
import { Ewma, ageMs } from "./ewma";
import { exp2Negative } from "./math";
import { NAME_BYTES, Named, findPlace, takePlace } from "./named-place";
import { SKETCH_BYTES, Sketch } from "./sketch";

export const ARM_STATES_MAX: i32 = ARMS_MAX;
export const ARM_METRIC_IDS: i32 = 12;

/** The error EWMA is believed less as it gets old: half of it after this. */
const ERROR_HALF_LIFE_MS: f32 = 3500;
/** Weight of one outcome in the error EWMA. */
const ERROR_WEIGHT: f32 = 0.1;
/** An error EWMA below this is zero. */
const ERROR_MIN: f32 = 0.0001;
/** An ejection lasts at most this many times the configured duration. */
const EJECTION_FACTOR_MAX: i32 = 10;

// @ts-ignore: decorator
@unmanaged
@final
export class ArmState extends Named {
  /** Index of the route's state. */
  route: i32;
  /** Error EWMA at errorMs, 0 to 1. */
  error: f32;
  /** Ejections since the arm was last healthy. */
  ejections: i32;
  errorMs: f64;
  /** Ejected until then; 0 is not ejected. */
  ejectedUntilMs: f64;
  /** Outcomes since the last ejection. */
  outcomes: u32;
  /** Counters not yet flushed. */
  requests: u32;
  failures: u32;
  ignored: u32;
}

const NAME_OFFSET: usize = offsetof<ArmState>();
const TTFB_OFFSET: usize = NAME_OFFSET + NAME_BYTES;
const LATENCY_OFFSET: usize = TTFB_OFFSET + offsetof<Ewma>();
const SKETCH_OFFSET: usize = (LATENCY_OFFSET + offsetof<Ewma>() + 15) & ~15;
const IDS_OFFSET: usize = SKETCH_OFFSET + SKETCH_BYTES;
const STATE_BYTES: usize = (IDS_OFFSET + <usize>ARM_METRIC_IDS * 4 + 15) & ~15;

const TABLE: usize = memory.data(983040, 16);
if (STATE_BYTES * <usize>ARM_STATES_MAX > 983040) ERROR("TABLE is too small for the arm states");

/** @param index in [0, ARM_STATES_MAX) */
// @ts-ignore: decorator
@inline
export function armState(index: i32): ArmState {
  return changetype<ArmState>(TABLE + <usize>index * STATE_BYTES);
}

// @ts-ignore: decorator
@inline
export function armName(state: ArmState): usize {
  return changetype<usize>(state) + NAME_OFFSET;
}

/** Time to first byte. */
// @ts-ignore: decorator
@inline
export function armTtfb(state: ArmState): Ewma {
  return changetype<Ewma>(changetype<usize>(state) + TTFB_OFFSET);
}

/** Time to last byte. */
// @ts-ignore: decorator
@inline
export function armLatency(state: ArmState): Ewma {
  return changetype<Ewma>(changetype<usize>(state) + LATENCY_OFFSET);
}

// @ts-ignore: decorator
@inline
export function armSketch(state: ArmState): Sketch {
  return changetype<Sketch>(changetype<usize>(state) + SKETCH_OFFSET);
}

/** Place of a metric id. */
// @ts-ignore: decorator
@inline
export function armMetricId(state: ArmState, index: i32): usize {
  return changetype<usize>(state) + IDS_OFFSET + <usize>index * 4;
}

/** The error EWMA as it counts now; reading does not change it. */
export function errorAt(state: ArmState, nowMs: f64): f32 {
  // The usual case, and it saves an exponential for every arm of every request.
  if (state.error == 0) return 0;
  return state.error * exp2Negative(ageMs(state.errorMs, nowMs) / ERROR_HALF_LIFE_MS);
}

/** Outcomes as the error EWMA counts them. */
export const OUTCOME_SUCCESS: f32 = 0;
/** The arm is overloaded and says so (429): half as bad as a fault. */
export const OUTCOME_OVERLOAD: f32 = 0.5;
export const OUTCOME_FAILURE: f32 = 1;

/** Counts an outcome into the error EWMA. @param badness one of OUTCOME_* */
export function addOutcome(state: ArmState, badness: f32, nowMs: f64): void {
  const error = errorAt(state, nowMs);
  const next = error + ERROR_WEIGHT * (badness - error);
  // What has faded away counts as nothing; it must not linger as a subnormal number.
  state.error = next < ERROR_MIN ? 0 : next;
  state.errorMs = nowMs;
  if (state.outcomes < u32.MAX_VALUE) state.outcomes++;
}

/** @returns whether the arm gets no traffic now */
// @ts-ignore: decorator
@inline
export function isEjected(state: ArmState, nowMs: f64): bool {
  return state.ejectedUntilMs > nowMs;
}

/**
 * Ejects the arm if it fails too often. Each ejection in a row lasts twice as long; a healthy stretch
 * forgets them.
 *
 * @param errorLimit error EWMA in (0, 1]; 0 never ejects
 */
export function judge(
  state: ArmState,
  nowMs: f64,
  errorLimit: f32,
  outcomesMin: i32,
  durationMs: i32,
): void {
  if (errorLimit <= 0 || isEjected(state, nowMs)) return;
  // After an ejection the first few outcomes decide: the arm is on probation.
  const needed = state.ejections > 0 ? min(5, outcomesMin) : outcomesMin;
  if (state.outcomes < <u32>needed) return;
  if (state.error < errorLimit) {
    if (
      state.ejections > 0 &&
      state.outcomes > <u32>outcomesMin &&
      state.error < errorLimit * 0.5
    ) {
      state.ejections = 0;
    }
    return;
  }
  const factor = min(1 << min(state.ejections, 8), EJECTION_FACTOR_MAX);
  state.ejectedUntilMs = nowMs + <f64>durationMs * <f64>factor;
  state.ejections = min(state.ejections + 1, 16);
  state.outcomes = 0;
}

let used: i32 = 0;

/** Places from here on have never been used. */
export function armStatesUsed(): i32 {
  return used;
}

/**
 * Finds the state of an arm or makes one.
 *
 * @param nameHash hash64 of route and arm name
 * @param route index of the route's state
 * @param oldestSequence still in force; states bound before it may go
 * @returns the index, -1 when every place is in use
 */
export function bindArm(
  nameHash: u64,
  name: usize,
  nameLength: i32,
  route: i32,
  sequence: u32,
  oldestSequence: u32,
): i32 {
  const free = findPlace(TABLE, STATE_BYTES, ARM_STATES_MAX, nameHash, oldestSequence);
  if (free < 0) return -1;
  used = max(used, free + 1);
  const state = armState(free);
  takePlace(state, STATE_BYTES, NAME_OFFSET, nameHash, name, nameLength, sequence);
  state.route = route;
  return free;
}
