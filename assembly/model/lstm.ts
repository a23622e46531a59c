// One step of the LSTM: new hidden state from the inputs, then the prediction of the next inputs.
// Not reset, padded or batched: a route's stream never ends, so its state is simply carried on.

import { HIDDEN_MAX } from "../contract/artifact";
import { cellScalar, cellSimd, gemvScalar, gemvSimd } from "./kernels";
import { Model } from "./model";
import { ScorerState, stateCell, stateHidden, statePrediction } from "./scorer-state";

/** Gates before activation, i16[4 * HIDDEN_MAX]; dead between steps. */
const GATES: usize = memory.data(8 * HIDDEN_MAX, 16);

/**
 * Advances the state by one input vector.
 * @param x i16[model.inputs], Q12
 */
export function lstmStep(model: Model, state: ScorerState, x: usize): void {
  const h = stateHidden(state);
  gemvSimd(
    GATES,
    4 * model.hidden,
    model.gateWeights,
    model.gateMultipliers,
    model.gateBiases,
    model.gateShift,
    x,
    model.inputs,
    model.inputShift,
    h,
    model.hidden,
  );
  cellSimd(GATES, stateCell(state), h, model.hidden);
  gemvSimd(
    statePrediction(state),
    model.outputRows,
    model.outputWeights,
    model.outputMultipliers,
    model.outputBiases,
    model.outputShift,
    x,
    0,
    0,
    h,
    model.hidden,
  );
  carryInputs(model, state, x);
}

/** The same as lstmStep with the scalar kernels. */
export function lstmStepScalar(model: Model, state: ScorerState, x: usize): void {
  const h = stateHidden(state);
  gemvScalar(
    GATES,
    4 * model.hidden,
    model.gateWeights,
    model.gateMultipliers,
    model.gateBiases,
    model.gateShift,
    x,
    model.inputs,
    model.inputShift,
    h,
    model.hidden,
  );
  cellScalar(GATES, stateCell(state), h, model.hidden);
  gemvScalar(
    statePrediction(state),
    model.outputRows,
    model.outputWeights,
    model.outputMultipliers,
    model.outputBiases,
    model.outputShift,
    x,
    0,
    0,
    h,
    model.hidden,
  );
  carryInputs(model, state, x);
}

/**
 * Outputs marked carry predict the change of their feature, the others its value. A level (a
 * route's usual latency) differs between routes by more than it changes, so its change is what can
 * be learnt.
 */
function carryInputs(model: Model, state: ScorerState, x: usize): void {
  const prediction = statePrediction(state);
  for (let output = 0; output < model.outputs; output++) {
    if (load<i32>(model.outputCarries + ((<usize>output) << 2)) == 0) continue;
    const feature = load<i32>(model.outputFeatures + ((<usize>output) << 2));
    const at = prediction + ((<usize>output) << 1);
    const sum = <i32>load<i16>(at) + <i32>load<i16>(x + ((<usize>feature) << 1));
    store<i16>(at, min<i32>(max<i32>(sum, -32768), 32767));
  }
}
