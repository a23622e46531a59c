// One step of the linear model: the last vectors onto a few directions (PCA on windows). It looks at
// the vector that it is to reconstruct, so its residual belongs to the same step; what the
// directions cannot express is what never moved together so in training.

import { HIDDEN_MAX } from "../contract/artifact";
import { apply } from "./matrix";
import { Model, coreMatrix } from "./model";

/** i16[HIDDEN_MAX], Q12; dead between steps. */
const LATENTS: usize = memory.data(2 * HIDDEN_MAX, 16);

/**
 * Puts a vector into the window and encodes the window.
 * @param window i16[model.variant][model.inputs], Q12, the newest first
 * @param x i16[model.inputs], Q12
 * @returns the latents, i16[model.hidden]
 */
export function linearStep(model: Model, window: usize, x: usize): usize {
  const columns = shiftIn(model, window, x);
  apply(coreMatrix(model, 0), LATENTS, x, 0, 0, window, columns, true);
  return LATENTS;
}

/** The same as linearStep with the scalar kernels. */
export function linearStepScalar(model: Model, window: usize, x: usize): usize {
  const columns = shiftIn(model, window, x);
  apply(coreMatrix(model, 0), LATENTS, x, 0, 0, window, columns, false);
  return LATENTS;
}

/** @returns columns of the window */
function shiftIn(model: Model, window: usize, x: usize): i32 {
  const columns = model.variant * model.inputs;
  // From the oldest down in registers of 16 bytes; a vector fills whole ones.
  const bytes = (<usize>model.inputs) << 1;
  for (let at = ((<usize>columns) << 1) - 16; at >= bytes; at -= 16) {
    v128.store(window + at, v128.load(window + at - bytes));
  }
  memory.copy(window, x, bytes);
  return columns;
}
