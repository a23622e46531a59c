// One step of a key: evidence in, exceedance, alarm and incident out. Steps may come at any
// interval, one a request or one a window; the nominal share is of steps.

import {
  ALPHA_MAX,
  ALPHA_MIN,
  CALIBRATION_EXCEEDS,
  FREEZE_MS,
  INTERVAL_MS_MAX,
  RISE_FULL,
  RISE_NONE,
  RISE_REFUSED,
  SHARE_ONE,
  THRESHOLD_FRACTION,
} from "../contract/calibration";
import { EVIDENCE_MAX } from "../contract/evidence";
import { Calibrator } from "./calibrator";
import { admitRise, noteRequest, noteRise } from "./client-guard";
import { closeSilent, followIncident } from "./incident";
import { evidenceOfShare } from "./share-evidence";
import { aimThreshold, learnTail, moveThreshold, startFromTail } from "./threshold";

/** Evidence of other clients where there are none. */
const NOBODY: i32 = -1;
/** Beyond the largest exact whole number a time is none. */
const TIME_MS_MAX: f64 = 9007199254740992;

/**
 * Holds the evidence of a request against the key's threshold, and moves the threshold.
 *
 * @param state CALIBRATOR_STATE_BYTES, all zero when fresh, aligned to 8
 * @param evidence Q8 of any layer or of all together; clamped to [0, 2560]
 * @param client hash of whoever made it; 0 where that is nobody's
 * @param nowMs monotonic; a time before the last step's, or none, counts as the last step's
 * @param alpha nominal share of steps that exceed, Q30; clamped to [1e-6, 0.2]
 * @returns CALIBRATION_ bits
 */
export function stepCalibrator(
  state: Calibrator,
  evidence: i32,
  client: u32,
  nowMs: f64,
  alpha: i32,
): i32 {
  noteRequest(state, client);
  return stepWindow(state, evidence, client, NOBODY, nowMs, alpha);
}

/**
 * The same for a window of requests, each of which was noted with noteRequest.
 * @param client of the request with the largest evidence
 * @param others largest evidence of the requests of all other clients; negative without any
 */
export function stepWindow(
  state: Calibrator,
  evidence: i32,
  client: u32,
  others: i32,
  nowMs: f64,
  alpha: i32,
): i32 {
  const share = min(ALPHA_MAX, max(ALPHA_MIN, alpha));
  const seen = min(EVIDENCE_MAX, max(0, evidence));
  aimThreshold(state, evidenceOfShare(share));
  const time = noteTime(state, nowMs);
  const closed = closeSilent(state, time);
  state.lastMs = time;
  if (state.steps < u32.MAX_VALUE) state.steps += 1;
  const threshold = state.threshold;
  const exceeds = seen << THRESHOLD_FRACTION > threshold;
  const rise = exceeds ? admitRise(state, client) : RISE_NONE;
  if (rise != RISE_REFUSED) learn(state, rise, seen, time, share);
  else if (others >= 0) learnFromOthers(state, min(others, seen), time, share);
  startFromTail(state);
  const incident = followIncident(state, seen, threshold, time);
  return closed | incident | (exceeds ? CALIBRATION_EXCEEDS : 0);
}

/** Moves the threshold and learns the tail by a step that may. */
function learn(state: Calibrator, rise: i32, evidence: i32, nowMs: f64, alpha: i32): void {
  const young = state.open != 0 && nowMs - state.openedMs < <f64>FREEZE_MS;
  moveThreshold(state, rise, young, evidence, alpha);
  learnTail(state, evidence);
}

/** The same by what a window would have been without the client that was refused. */
function learnFromOthers(state: Calibrator, evidence: i32, nowMs: f64, alpha: i32): void {
  const exceeds = evidence << THRESHOLD_FRACTION > state.threshold;
  if (exceeds) noteRise(state);
  learn(state, exceeds ? RISE_FULL : RISE_NONE, evidence, nowMs, alpha);
}

/** Brings the mean interval up to date. @returns the step's time, never before the last one's */
function noteTime(state: Calibrator, nowMs: f64): f64 {
  const real = nowMs < TIME_MS_MAX;
  if (state.steps == 0) return real && nowMs >= 0 ? nowMs : 0;
  const time = real && nowMs > state.lastMs ? nowMs : state.lastMs;
  const interval = <f32>min<f64>(time - state.lastMs, <f64>INTERVAL_MS_MAX);
  if (state.steps == 1) state.intervalMs = interval;
  else state.intervalMs += (interval - state.intervalMs) * <f32>0.015625;
  return time;
}

/**
 * The nominal share that gives a rate of exceedances at the key's own pace.
 * @param alarmsPerHour as the user wrote it
 * @returns Q30 in [1e-6, 0.2]; of one step a second before the pace is known
 */
export function alphaOfRate(state: Calibrator, alarmsPerHour: f64): i32 {
  const intervalMs = state.steps < 2 ? 1000.0 : <f64>state.intervalMs;
  const share = (alarmsPerHour * intervalMs * <f64>SHARE_ONE) / 3600000.0;
  if (!(share > <f64>ALPHA_MIN)) return ALPHA_MIN;
  return share < <f64>ALPHA_MAX ? <i32>share : ALPHA_MAX;
}
