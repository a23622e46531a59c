// Scores a request by how badly the model predicted its features. Not a classifier: it learns from
// healthy traffic only, and the score says how rare such a surprise is there.
//
//   residual   r_j  = x_j - prediction_j                                                      Q12
//   drift      d_j += (r_j - d_j) / 2^drift shift                                             Q20
//   scale      a_j += (min(|d_j|, 4 a_j) - a_j) / 2^9, at least the artifact's floor          Q20
//   unrest     e   += (sum of min(|r_j| / a_j * m_j, 4.0)^2 - e) / 2^smoothing shift          Q12
//   surprise   s    = e + sum of min(|d_j| / a_j * n_j, 16.0)^2                               Q12
//   score      permille of healthy requests with less surprise, by the artifact's table
//
// Unrest is many or large residuals of either sign. Drift is residuals of one sign, request after
// request: a single slow answer is usual in a heavy tail, ten in a row are not, and only their sum
// says so, because by the second the model has followed. Both are measured in the route's own
// scale: what is an outlier for a steady route is every third request of a rare and ragged one.
//
// Then the LSTM sees x and predicts the next. All integers from x on; only the step from raw
// features to x is floating point (features/quantise.ts).

import {
  DRIFT_CAP_Q8,
  INPUTS_MAX,
  RATIO_MAX_Q8,
  RESIDUAL_CAP_Q8,
  SCALE_CLIP,
  SCALE_SHIFT,
} from "../contract/artifact";
import { quantise } from "../features/quantise";
import { lstmStep, lstmStepScalar } from "./lstm";
import { Model } from "./model";
import { ScorerState, resetState, stateDrift, statePrediction, stateScale } from "./scorer-state";

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

/** Compares the inputs with what was predicted for them, and brings the surprise up to date. */
function observe(model: Model, state: ScorerState, x: usize): void {
  if (state.shapeStamp != model.shapeStamp) resetState(model, state);
  if (state.modelVersion != model.version) {
    // New weights: the old ones' prediction is in another calibration, so this step has no
    // residual.
    state.modelVersion = model.version;
  } else if (state.steps > 0) {
    compare(model, state, x);
  }
  if (state.steps != u32.MAX_VALUE) state.steps += 1;
  state.permille = permilleOf(model, state.surprise);
}

/** Residuals of the last prediction into scale, unrest, drift and surprise. */
function compare(model: Model, state: ScorerState, x: usize): void {
  const prediction = statePrediction(state);
  const drifts = stateDrift(state);
  const scales = stateScale(state);
  const driftShift = model.driftShift;
  const driftHalf = (1 << driftShift) >> 1;
  // A young state averages over what it has seen, and has no scale yet to clip by.
  const age = 31 - <i32>clz<u32>(min<u32>(state.steps, 1 << SCALE_SHIFT) + 1);
  const scaleShift = min<i32>(age, SCALE_SHIFT);
  const clipped = scaleShift == SCALE_SHIFT;
  let unrest: i32 = 0;
  let drift: i32 = 0;
  for (let output = 0; output < model.outputs; output++) {
    const at = (<usize>output) << 2;
    const actual = <i32>load<i16>(x + ((<usize>load<i32>(model.outputFeatures + at)) << 1));
    const residual = actual - <i32>load<i16>(prediction + ((<usize>output) << 1));
    const size = abs<i32>(residual);
    const usual = load<i32>(scales + at);
    const unit = max<i32>(usual >> 8, load<i32>(model.scaleFloors + at));
    unrest += squared(size, unit, load<i32>(model.residualMultipliers + at), RESIDUAL_CAP_Q8);

    const before = load<i32>(drifts + at);
    const mean = before + (((residual << 8) - before + driftHalf) >> driftShift);
    store<i32>(drifts + at, mean);
    const lean = abs<i32>(mean) >> 8;
    drift += squared(lean, unit, load<i32>(model.driftMultipliers + at), DRIFT_CAP_Q8);

    const counted = clipped ? min<i32>(lean, SCALE_CLIP * unit) : lean;
    store<i32>(scales + at, usual + (((counted << 8) - usual) >> scaleShift));
  }
  const smoothing = model.smoothingShift;
  state.unrest += ((unrest >> 4) - state.unrest + ((1 << smoothing) >> 1)) >> smoothing;
  state.surprise = state.unrest + (drift >> 4);
}

/**
 * Square of distance / unit * multiplier, Q16.
 * @param distance at most 65535, unit at least 1, multiplier at most 32767: nothing overflows
 */
// @ts-ignore: decorator
@inline
function squared(distance: i32, unit: i32, multiplier: i32, capQ8: i32): i32 {
  const ratio = min<u32>(((<u32>distance) << 8) / <u32>unit, RATIO_MAX_Q8);
  const normalised = min<i32>((<i32>ratio * multiplier) >> 12, capQ8);
  return normalised * normalised;
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
