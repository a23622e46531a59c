// Entry of a module for tests and benches: the calibration alone. Not part of the filter; nothing
// here runs in a proxy.

import { Calibrator, calibratorThreshold } from "./calibration/calibrator";
import { noteRequest } from "./calibration/client-guard";
import { combineEvidence, evidenceOfShare } from "./calibration/share-evidence";
import { alphaOfRate, stepCalibrator, stepWindow } from "./calibration/step";
import { CALIBRATOR_STATE_BYTES } from "./contract/calibration";

const STATES: usize = memory.data(4096, 16);
/** Evidence i32, client u32, time f64, flags i32 and threshold i32 of steps made at one crossing. */
const STEPS: usize = memory.data(98304, 16);

if (CALIBRATOR_STATE_BYTES > 256) ERROR("STATES is too small");

export { combineEvidence, evidenceOfShare };

/** State block 0 to 15, of 256 bytes. */
export function stateArea(index: i32): usize {
  return STATES + ((<usize>index) << 8);
}

/** Where steps go: 24 bytes each, 4096 of them. */
export function stepArea(): usize {
  return STEPS;
}

export function step(state: usize, evidence: i32, client: u32, nowMs: f64, alpha: i32): i32 {
  return stepCalibrator(changetype<Calibrator>(state), evidence, client, nowMs, alpha);
}

/** Notes a request of a window. */
export function note(state: usize, client: u32): void {
  noteRequest(changetype<Calibrator>(state), client);
}

/** A step by a window of noted requests. */
export function window(
  state: usize,
  evidence: i32,
  client: u32,
  others: i32,
  nowMs: f64,
  alpha: i32,
): i32 {
  return stepWindow(changetype<Calibrator>(state), evidence, client, others, nowMs, alpha);
}

export function threshold(state: usize): i32 {
  return calibratorThreshold(changetype<Calibrator>(state));
}

export function rateAlpha(state: usize, alarmsPerHour: f64): i32 {
  return alphaOfRate(changetype<Calibrator>(state), alarmsPerHour);
}

/** Makes the first `count` steps of the step area. */
export function stepMany(state: usize, count: i32, alpha: i32): void {
  const calibrator = changetype<Calibrator>(state);
  for (let i = 0; i < count; i++) {
    const at = STEPS + <usize>i * 24;
    const flags = stepCalibrator(
      calibrator,
      load<i32>(at),
      load<u32>(at, 4),
      load<f64>(at, 8),
      alpha,
    );
    store<i32>(at, flags, 16);
    store<i32>(at, calibratorThreshold(calibrator), 20);
  }
}
