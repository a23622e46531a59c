// One step of the GRU: a new hidden state from the inputs. The candidate's two halves are matrices
// of their own, because the reset gate takes its share of one of them only.

import { HIDDEN_MAX } from "../contract/artifact";
import { gruCellScalar, gruCellSimd } from "./gru-cell";
import { apply } from "./matrix";
import { Model, coreMatrix } from "./model";

/** Before activation; dead between steps. HIDDEN_MAX is whole row blocks. */
const GATES: usize = memory.data(4 * HIDDEN_MAX, 16);
const CANDIDATE: usize = memory.data(2 * HIDDEN_MAX, 16);
const RECURRENT: usize = memory.data(2 * HIDDEN_MAX, 16);

/**
 * Advances the memory by one input vector.
 * @param h i16[hidden], Q15
 * @param x i16[model.inputs], Q12
 */
export function gruStep(model: Model, h: usize, x: usize): void {
  const hidden = model.hidden;
  const inputs = model.inputs;
  const shift = model.inputShift;
  apply(coreMatrix(model, 0), GATES, x, inputs, shift, h, hidden, true);
  apply(coreMatrix(model, 1), CANDIDATE, x, inputs, shift, h, 0, true);
  apply(coreMatrix(model, 2), RECURRENT, x, 0, 0, h, hidden, true);
  gruCellSimd(GATES, CANDIDATE, RECURRENT, h, hidden);
}

/** The same as gruStep with the scalar kernels. */
export function gruStepScalar(model: Model, h: usize, x: usize): void {
  const hidden = model.hidden;
  const inputs = model.inputs;
  const shift = model.inputShift;
  apply(coreMatrix(model, 0), GATES, x, inputs, shift, h, hidden, false);
  apply(coreMatrix(model, 1), CANDIDATE, x, inputs, shift, h, 0, false);
  apply(coreMatrix(model, 2), RECURRENT, x, 0, 0, h, hidden, false);
  gruCellScalar(GATES, CANDIDATE, RECURRENT, h, hidden);
}
