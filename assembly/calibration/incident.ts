// When exceedances are an incident, and what of it is learnt. A single exceedance is no incident: it
// is the share that the threshold allows. Two of three steps open one, three quiet steps in a row
// close it, and quiet means well below the threshold, so that a score that hovers around it does
// not flap.
//
// An incident's fault must not become usual. So at its opening the threshold is held: as long as
// evidence stays near or above the held one, the incident stays open. Held for a minute only,
// because what lasts is perhaps no fault; then it follows the moving threshold. That one goes on
// moving meanwhile (exceedances are rare at any time, or the stated share would be a lie), but at
// the close it goes back to the held one, plus one quiet gain for each exceedance in between.

import {
  CALIBRATION_ALARM,
  CALIBRATION_CLOSED,
  CALIBRATION_OPENED,
  FOLLOW_SHIFT,
  FREEZE_MS,
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
  state.threshold = min(state.threshold, state.held + state.kept);
  state.open = 0;
  state.history = 0;
  state.quiet = 0;
  return CALIBRATION_CLOSED;
}

/**
 * Opens or closes by a step, after the threshold has moved.
 * @param threshold that the step was held against, Q24
 * @returns CALIBRATION_ALARM, CALIBRATION_OPENED, CALIBRATION_CLOSED
 */
export function followIncident(state: Calibrator, evidence: i32, threshold: i32, nowMs: f64): i32 {
  const exceeds = evidence << THRESHOLD_FRACTION > threshold;
  const steps = (1 << HISTORY_STEPS) - 1;
  state.history = <u8>((((<i32>state.history) << 1) | (exceeds ? 1 : 0)) & steps);
  if (state.open == 0) {
    if (popcnt<i32>(state.history) < OPENING_STEPS) return 0;
    open(state, threshold, nowMs);
    return CALIBRATION_ALARM | CALIBRATION_OPENED;
  }
  if (nowMs - state.openedMs >= <f64>FREEZE_MS) {
    state.held += (state.threshold - state.held) >> FOLLOW_SHIFT;
  }
  const quiet = (evidence + RELEASE_BELOW) << THRESHOLD_FRACTION < state.held;
  state.quiet = quiet ? state.quiet + 1 : 0;
  return <i32>state.quiet >= RELEASE_STEPS ? close(state) : CALIBRATION_ALARM;
}

function open(state: Calibrator, threshold: i32, nowMs: f64): void {
  state.open = 1;
  state.openedMs = nowMs;
  state.quiet = 0;
  state.held = threshold;
  state.kept = state.threshold - threshold;
  if (state.incidents < u32.MAX_VALUE) state.incidents += 1;
}
