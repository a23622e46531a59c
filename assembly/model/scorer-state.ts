// What the scorer remembers of one route. Fixed at the largest shape, so that a route keeps its
// place whatever model comes: a model of equal shape continues the state, another starts it anew.
//
//   ScorerState (32 bytes) | i16 prediction[OUTPUTS_MAX] | i16 hidden[HIDDEN_MAX]
//   | i16 cell[HIDDEN_MAX]
//   | i32 drift[OUTPUTS_MAX] | i32 scale[OUTPUTS_MAX]
//
// An all-zero block is a valid, fresh state.

import { HIDDEN_MAX, OUTPUTS_MAX } from "../contract/artifact";
import { Model } from "./model";

// @ts-ignore: decorator
@unmanaged
@final
export class ScorerState {
  shapeStamp: u32;
  /** Model that made the prediction. */
  modelVersion: u32;
  /** Steps seen, saturating. */
  steps: u32;
  /** Residuals and drift together, Q12. */
  surprise: i32;
  /** Score of the last step, also during warm-up. */
  permille: i32;
  /** Smoothed size of the residuals, Q12. */
  unrest: i32;
  reserved1: u64;
}

const HEAD_BYTES: usize = 32;
const PREDICTION_BYTES: usize = 2 * OUTPUTS_MAX;
const HIDDEN_BYTES: usize = 2 * HIDDEN_MAX;
const DRIFT_BYTES: usize = 4 * OUTPUTS_MAX;

/** Bytes of one route's scorer state; the block must be aligned to 16. */
export const SCORER_STATE_BYTES: usize =
  HEAD_BYTES + PREDICTION_BYTES + 2 * HIDDEN_BYTES + 2 * DRIFT_BYTES;

if (offsetof<ScorerState>() != HEAD_BYTES) ERROR("ScorerState is not HEAD_BYTES long");

// @ts-ignore: decorator
@inline
export function statePrediction(state: ScorerState): usize {
  return changetype<usize>(state) + HEAD_BYTES;
}

// @ts-ignore: decorator
@inline
export function stateHidden(state: ScorerState): usize {
  return changetype<usize>(state) + HEAD_BYTES + PREDICTION_BYTES;
}

// @ts-ignore: decorator
@inline
export function stateCell(state: ScorerState): usize {
  return changetype<usize>(state) + HEAD_BYTES + PREDICTION_BYTES + HIDDEN_BYTES;
}

/** Mean residual of each output, signed, Q20. */
// @ts-ignore: decorator
@inline
export function stateDrift(state: ScorerState): usize {
  return stateCell(state) + HIDDEN_BYTES;
}

/** Mean size of each output's drift, Q20: what is usual for this route. */
// @ts-ignore: decorator
@inline
export function stateScale(state: ScorerState): usize {
  return stateDrift(state) + DRIFT_BYTES;
}

/** Forgets everything and takes the model's shape. */
export function resetState(model: Model, state: ScorerState): void {
  memory.fill(changetype<usize>(state), 0, SCORER_STATE_BYTES);
  state.shapeStamp = model.shapeStamp;
  state.modelVersion = model.version;
}
