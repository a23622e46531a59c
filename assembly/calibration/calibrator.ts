// The state of one key's calibration: where its threshold is, what its tail looks like, whether an
// incident is open, and which clients have moved the threshold. All zero is a fresh key.

import {
  CALIBRATOR_STATE_BYTES,
  CLIENTS_REMEMBERED,
  THRESHOLD_FRACTION,
} from "../contract/calibration";

// @ts-ignore: decorator
@unmanaged
@final
export class Calibrator {
  /** Evidence that a step must exceed, Q24. */
  threshold: i32;
  /** Where it started, Q24. */
  start: i32;
  /** While an incident is open: the threshold of its opening, and what may be kept of it, Q24. */
  held: i32;
  kept: i32;
  /** Rise at the next exceedance, Q24. */
  gain: i32;
  /** Exceedances of about the last 1 / alpha steps that moved the threshold, Q16. */
  recent: i32;
  /** Running 90 % quantile of the evidence, and mean excess above it, Q24. */
  quantile: i32;
  excess: i32;
  /** Evidence of the nominal share that the threshold was last set for, Q8. */
  level: i32;
  steps: u32;
  /** Exceedances that moved the threshold, ever. */
  rises: u32;
  incidents: u32;
  /** Requests noted, of all clients. */
  requests: u32;
  /** Zero. */
  spare: u32;
  openedMs: f64;
  lastMs: f64;
  /** Mean interval between steps. */
  intervalMs: f32;
  /** Whether the last steps exceeded, newest in bit 0. */
  history: u8;
  /** Quiet steps in a row while an incident is open. */
  quiet: u8;
  open: u8;
  padding: u8;
}

/** One client that exceeded the threshold. */
// @ts-ignore: decorator
@unmanaged
@final
export class CalibratorClient {
  /** Hash of the client; 0 for a free place. */
  tag: u32;
  /** `rises` after its last rise. */
  lastRise: u32;
  /** `requests` when it was first noted, and its own since then. */
  since: u32;
  requests: u16;
  /** Exceedances since its last rise that did not raise the threshold. */
  refusals: u16;
}

const CLIENT_BYTES: usize = offsetof<CalibratorClient>();

const STATE_BYTES: usize = offsetof<Calibrator>() + <usize>CLIENTS_REMEMBERED * CLIENT_BYTES;
if (STATE_BYTES != <usize>CALIBRATOR_STATE_BYTES) {
  ERROR("CALIBRATOR_STATE_BYTES must be the size of a Calibrator and its clients");
}

/** The client in a place of a key's table. */
// @ts-ignore: decorator
@inline
export function clientAt(state: Calibrator, place: i32): CalibratorClient {
  const clients = changetype<usize>(state) + offsetof<Calibrator>();
  return changetype<CalibratorClient>(clients + <usize>place * CLIENT_BYTES);
}

/** Threshold in force, Q8: while an incident is open the one that keeps it open. */
export function calibratorThreshold(state: Calibrator): i32 {
  return (state.open != 0 ? state.held : state.threshold) >> THRESHOLD_FRACTION;
}

/** Whether an incident is open. */
export function calibratorOpen(state: Calibrator): bool {
  return state.open != 0;
}
