// One step of the LSTM: a new cell and hidden state from the inputs. Not reset, padded or batched: a
// route's stream never ends, so its state is simply carried on.

import { HIDDEN_MAX } from "../contract/artifact";
import { cellScalar, cellSimd } from "./kernels";
import { apply } from "./matrix";
import { Model, coreMatrix } from "./model";

/** Gates before activation, i16[4 * HIDDEN_MAX]; dead between steps. */
const GATES: usize = memory.data(8 * HIDDEN_MAX, 16);

/**
 * Advances the memory by one input vector.
 * @param h i16[hidden] Q15, followed by the cell i16[hidden] Q12
 * @param x i16[model.inputs], Q12
 */
export function lstmStep(model: Model, h: usize, x: usize): void {
  const hidden = model.hidden;
  apply(coreMatrix(model, 0), GATES, x, model.inputs, model.inputShift, h, hidden, true);
  cellSimd(GATES, h + ((<usize>hidden) << 1), h, hidden);
}

/** The same as lstmStep with the scalar kernels. */
export function lstmStepScalar(model: Model, h: usize, x: usize): void {
  const hidden = model.hidden;
  apply(coreMatrix(model, 0), GATES, x, model.inputs, model.inputShift, h, hidden, false);
  cellScalar(GATES, h + ((<usize>hidden) << 1), h, hidden);
}
