// What the scorer remembers of one route; contract/scorer-state-layout.ts draws it. A model of equal
// shape continues the state, another starts it anew. An all-zero block is a valid, fresh state.

import { STATE_AT_PREDICTION, STATE_HEAD_BYTES } from "../contract/scorer-state-layout";
import { Model } from "./model";

// @ts-ignore: decorator
@unmanaged
@final
export class ScorerState {
  shapeStamp: u32;
  variant: i32;
  /** Model that made the prediction. */
  modelVersion: u32;
  /** Steps seen, saturating. */
  steps: u32;
  /** Unrest and drift together, Q12. */
  surprise: i32;
  /** What the surprise is worth, Q8; also during warm-up. */
  evidence: i32;
  /** Smoothed size of the residuals, Q12. */
  unrest: i32;
  /** Size of this step's residuals, Q12. */
  energy: i32;
}

if (offsetof<ScorerState>() != STATE_HEAD_BYTES) ERROR("ScorerState is not STATE_HEAD_BYTES long");

/** Bytes of a route's state with this model, a multiple of 16; the block must be aligned to 16. */
export function scorerStateBytes(model: Model): i32 {
  return model.stateBytes;
}

/** i16[outputRows], Q12. */
// @ts-ignore: decorator
@inline
export function statePrediction(state: ScorerState): usize {
  return changetype<usize>(state) + <usize>STATE_AT_PREDICTION;
}

/** Mean residual of each output, signed, Q20. */
// @ts-ignore: decorator
@inline
export function stateDrift(model: Model, state: ScorerState): usize {
  return changetype<usize>(state) + <usize>model.driftPlace;
}

/** Mean size of each output's drift, Q20: what is usual for this route. */
// @ts-ignore: decorator
@inline
export function stateScale(model: Model, state: ScorerState): usize {
  return changetype<usize>(state) + <usize>model.scalePlace;
}

/** The architecture's own memory. */
// @ts-ignore: decorator
@inline
export function stateMemory(model: Model, state: ScorerState): usize {
  return changetype<usize>(state) + <usize>model.memoryPlace;
}

/** Forgets everything and takes the model's shape. */
export function resetState(model: Model, state: ScorerState): void {
  memory.fill(changetype<usize>(state), 0, <usize>model.stateBytes);
  state.shapeStamp = model.shapeStamp;
  state.variant = model.variant;
  state.modelVersion = model.version;
}
