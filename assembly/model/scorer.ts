// Scores a request by how badly the model predicted its features. Not a classifier: it learns from
// healthy traffic only, and the score says how rare such a surprise is there.
//
//   normalised residual  u_j = min(|x_j - prediction_j| * m_j >> 12, 16.0)           Q8
//   surprise of a step   s   = sum of u_j^2 >> 4                                      Q12
//   surprise             e  += (s - e) / 2^smoothing shift (rounded)                  Q12
//   score                permille of healthy requests with less surprise, from the artifact's table
//
// Then the LSTM sees x and predicts the next. All integers from x on; only the step from raw features
// to x is floating point (features/quantise.ts).

import { INPUTS_MAX, RESIDUAL_CAP_Q8 } from "../contract/artifact";
import { quantise } from "../features/quantise";
import { lstmStep, lstmStepScalar } from "./lstm";
import { Model } from "./model";
import { ScorerState, resetState, statePrediction } from "./scorer-state";

/** Quantised inputs of the step at hand. */
const INPUTS: usize = memory.data(2 * INPUTS_MAX, 16);

/**
 * Scores one request and advances the route's state.
 * @param state block of SCORER_STATE_BYTES, aligned to 16; all zero when fresh
 * @param features f32[model.inputs], raw; NaN and infinities count as the calibration's offset
 * @returns score in [0, 1000] permille; 0 during the warm-up of a state
 */
export function scoreStep(model: Model, state: usize, features: usize): i32 {
  quantise(INPUTS, features, model.featureOffsets, model.featureScales, model.inputs);
  return scoreQuantised(model, state, INPUTS);
}

/**
 * The integer core of scoreStep.
 * @param x i16[model.inputs], Q12
 */
export function scoreQuantised(model: Model, state: usize, x: usize): i32 {
  const scorer = changetype<ScorerState>(state);
  observe(model, scorer, x);
  lstmStep(model, scorer, x);
  return settledPermille(model, scorer);
}

/** The same as scoreQuantised with the scalar kernels. */
export function scoreQuantisedScalar(model: Model, state: usize, x: usize): i32 {
  const scorer = changetype<ScorerState>(state);
  observe(model, scorer, x);
  lstmStepScalar(model, scorer, x);
  return settledPermille(model, scorer);
}

/** Compares the inputs with what was predicted for them, and brings the state's surprise up to date. */
function observe(model: Model, state: ScorerState, x: usize): void {
  if (state.shapeStamp != model.shapeStamp) resetState(model, state);
  if (state.modelVersion != model.version) {
    // New weights: the old ones' prediction is in another calibration, so this step has no residual.
    state.modelVersion = model.version;
  } else if (state.steps > 0) {
    const step = surpriseOfStep(model, state, x);
    const shift = model.smoothingShift;
    const half = (1 << shift) >> 1;
    state.surprise += (step - state.surprise + half) >> shift;
  }
  if (state.steps != u32.MAX_VALUE) state.steps += 1;
  state.permille = permilleOf(model, state.surprise);
}

function surpriseOfStep(model: Model, state: ScorerState, x: usize): i32 {
  const prediction = statePrediction(state);
  let sum: i32 = 0;
  for (let output = 0; output < model.outputs; output++) {
    const feature = load<i32>(model.outputFeatures + ((<usize>output) << 2));
    const multiplier = load<i32>(model.residualMultipliers + ((<usize>output) << 2));
    const actual = <i32>load<i16>(x + ((<usize>feature) << 1));
    const distance = abs<i32>(actual - <i32>load<i16>(prediction + ((<usize>output) << 1)));
    const normalised = min<i32>((distance * multiplier) >> 12, RESIDUAL_CAP_Q8);
    sum += normalised * normalised;
  }
  return sum >> 4;
}

function settledPermille(model: Model, state: ScorerState): i32 {
  return state.steps <= <u32>model.warmUpSteps ? 0 : state.permille;
}

/**
 * The artifact's quantile table, linear between its knots and level outside.
 * @returns permille in [0, 1000], rounded down
 */
export function permilleOf(model: Model, surprise: i32): i32 {
  let knot = model.quantiles;
  const last = knot + ((<usize>(model.knots - 1)) << 3);
  if (surprise >= load<i32>(last)) return load<i32>(last, 4);
  if (surprise <= load<i32>(knot)) return load<i32>(knot, 4);
  while (surprise >= load<i32>(knot, 8)) knot += 8;
  const low = load<i32>(knot);
  const permilleLow = load<i32>(knot, 4);
  const width = load<i32>(knot, 8) - low;
  const rise = load<i32>(knot, 12) - permilleLow;
  return permilleLow + <i32>((<i64>(surprise - low) * rise) / width);
}
