// When exceedances are an incident. A single one is not: it is the share that the threshold allows.
// Two of three steps open an incident, three quiet steps in a row close it, and quiet means well
// below the threshold, so that a score that hovers around it does not flap.

import {
  CALIBRATION_ALARM,
  CALIBRATION_CLOSED,
  CALIBRATION_OPENED,
  HISTORY_STEPS,
  OPENING_STEPS,
  RELEASE_BELOW,
  RELEASE_STEPS,
  SILENCE_MS,
  THRESHOLD_FRACTION,
} from "../contract/calibration";
import { Calibrator } from "./calibrator";

/** Closes what nobody has spoken of for long. @returns CALIBRATION_CLOSED or 0 */
export function closeSilent(state: Calibrator, nowMs: f64): i32 {
  if (state.steps == 0 || !(nowMs - state.lastMs > <f64>SILENCE_MS)) return 0;
  state.history = 0;
  return close(state);
}

function close(state: Calibrator): i32 {
  if (state.open == 0) return 0;
  state.open = 0;
  state.history = 0;
  state.quiet = 0;
  return CALIBRATION_CLOSED;
}

/**
 * Opens or closes by a step.
 * @param threshold that the step was held against, Q24
 * @returns CALIBRATION_ALARM, CALIBRATION_OPENED, CALIBRATION_CLOSED
 */
export function followIncident(state: Calibrator, evidence: i32, threshold: i32, nowMs: f64): i32 {
  const exceeds = evidence << THRESHOLD_FRACTION > threshold;
  const kept = (1 << HISTORY_STEPS) - 1;
  state.history = <u8>((((<i32>state.history) << 1) | (exceeds ? 1 : 0)) & kept);
  if (state.open == 0) {
    if (popcnt<i32>(state.history) < OPENING_STEPS) return 0;
    state.open = 1;
    state.openedMs = nowMs;
    state.quiet = 0;
    if (state.incidents < u32.MAX_VALUE) state.incidents += 1;
    return CALIBRATION_ALARM | CALIBRATION_OPENED;
  }
  const quiet = (evidence + RELEASE_BELOW) << THRESHOLD_FRACTION < threshold;
  state.quiet = quiet ? state.quiet + 1 : 0;
  return <i32>state.quiet >= RELEASE_STEPS ? close(state) : CALIBRATION_ALARM;
}
