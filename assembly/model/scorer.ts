// Scores a request by how badly the model predicted its features. Not a classifier: it learns from
// healthy traffic only, and the score says how rare such a surprise is there.
//
//   residual   r_j  = x_j - prediction_j, or by the output's kind (residual.ts)               Q12
//   drift      d_j += (r_j - d_j) / 2^drift shift                                             Q20
//   scale      a_j += (min(|d_j|, 4 a_j) - a_j) / 2^scale shift, at least the artifact's floor
//   energy     q    = sum of min(|r_j| / a_j * m_j, residual cap)^2                           Q12
//   unrest     e   += (q - e) / 2^smoothing shift                                             Q12
//   surprise   s    = e + sum of min(|d_j| / a_j * n_j, 16.0)^2                               Q12
//   evidence   -log10 of the share of healthy requests with more surprise, by the table       Q8
//
// Unrest is many or large residuals of either sign. Drift is residuals of one sign, request after
// request: a single slow answer is usual in a heavy tail, ten in a row are not, and only their sum
// says so, because by the second the model has followed. Both are measured in the route's own
// scale: what is an outlier for a steady route is every third request of a rare and ragged one.
//
// A recurrent model then sees x and predicts the next; a linear one sees x first and reconstructs
// it. All integers from x on; only the step from raw features to x is floating point
// (features/quantise.ts).

import { Architecture, INPUTS_MAX } from "../contract/artifact";
import { evidencePermille } from "../contract/evidence";
import { quantise } from "../features/quantise";
import { gruStep, gruStepScalar } from "./gru";
import { linearStep, linearStepScalar } from "./linear";
import { lstmStep, lstmStepScalar } from "./lstm";
import { apply } from "./matrix";
import { Model, predictorMatrix, transformerWeights } from "./model";
import { ScorerState, resetState, stateMemory, statePrediction } from "./scorer-state";
import { compareScalar, compareSimd } from "./surprise";
import { transformerStep, transformerStepScalar } from "./transformer";

/** Quantised inputs of the step at hand. */
const INPUTS: usize = memory.data(2 * INPUTS_MAX, 16);

/**
 * Scores one request and advances the route's state.
 * @param state block of scorerStateBytes(model), aligned to 16; all zero when fresh
 * @param features f32[model.inputs], raw; NaN and infinities count as the calibration's offset
 * @returns score in [0, 1000] permille; 0 during the warm-up of a state
 */
export function scoreStep(model: Model, state: usize, features: usize): i32 {
  return evidencePermille(evidenceStep(model, state, features));
}

/**
 * The same as scoreStep in the currency of the layers.
 * @returns evidence in [0, EVIDENCE_MAX], Q8; 0 during the warm-up of a state
 */
export function evidenceStep(model: Model, state: usize, features: usize): i32 {
  quantise(INPUTS, features, model.featureOffsets, model.featureScales, model.inputs);
  return evidenceQuantised(model, state, INPUTS);
}

/**
 * The integer core of evidenceStep.
 * @param x i16[model.inputs], Q12
 */
export function evidenceQuantised(model: Model, state: usize, x: usize): i32 {
  return step(model, changetype<ScorerState>(state), x, true);
}

/** The same as evidenceQuantised with the scalar kernels. */
export function evidenceQuantisedScalar(model: Model, state: usize, x: usize): i32 {
  return step(model, changetype<ScorerState>(state), x, false);
}

// @ts-ignore: decorator
@inline
function step(model: Model, state: ScorerState, x: usize, simd: bool): i32 {
  const comparable = begin(model, state);
  const linear = model.architecture == Architecture.Linear;
  if (comparable && !linear) {
    if (simd) compareSimd(model, state, x);
    else compareScalar(model, state, x);
  }
  const h = simd ? remember(model, state, x) : rememberScalar(model, state, x);
  predict(model, state, x, h, simd);
  if (comparable && linear) {
    if (simd) compareSimd(model, state, x);
    else compareScalar(model, state, x);
  }
  if (state.steps != u32.MAX_VALUE) state.steps += 1;
  state.evidence = evidenceOf(model, state.surprise);
  return state.steps <= <u32>model.warmUpSteps ? 0 : state.evidence;
}

/**
 * Makes sure that the state is this model's.
 * @returns whether the state has a past that a residual can be taken against
 */
function begin(model: Model, state: ScorerState): bool {
  if (state.shapeStamp != model.shapeStamp || state.variant != model.variant) {
    resetState(model, state);
  }
  state.energy = 0;
  if (state.modelVersion != model.version) {
    // New weights: what the state holds is in the old ones' calibration, so this step has no
    // residual.
    state.modelVersion = model.version;
    return false;
  }
  return state.steps > 0;
}

/** Advances the memory; returns where the hidden state stands. */
function remember(model: Model, state: ScorerState, x: usize): usize {
  const memory = stateMemory(model, state);
  switch (model.architecture) {
    case Architecture.Lstm:
      lstmStep(model, memory, x);
      return memory;
    case Architecture.Gru:
      gruStep(model, memory, x);
      return memory;
    case Architecture.Linear:
      return linearStep(model, memory, x);
    default:
      transformerStep(transformerWeights(model), memory, x);
      return memory;
  }
}

/** The same as remember with the scalar kernels. */
function rememberScalar(model: Model, state: ScorerState, x: usize): usize {
  const memory = stateMemory(model, state);
  switch (model.architecture) {
    case Architecture.Lstm:
      lstmStepScalar(model, memory, x);
      return memory;
    case Architecture.Gru:
      gruStepScalar(model, memory, x);
      return memory;
    case Architecture.Linear:
      return linearStepScalar(model, memory, x);
    default:
      transformerStepScalar(transformerWeights(model), memory, x);
      return memory;
  }
}

/**
 * From inputs and hidden state to the outputs. Outputs marked carry predict the change of their
 * feature, the others its value. A level (a route's usual latency) differs between routes by more
 * than it changes, so its change is what can be learnt.
 */
// @ts-ignore: decorator
@inline
function predict(model: Model, state: ScorerState, x: usize, h: usize, simd: bool): void {
  const prediction = statePrediction(state);
  const inputs = model.predictorInputs;
  const matrix = predictorMatrix(model);
  apply(matrix, prediction, x, inputs, model.inputShift, h, model.hidden, simd);
  for (let output = 0; output < model.outputs; output++) {
    if (load<i32>(model.outputCarries + ((<usize>output) << 2)) == 0) continue;
    const feature = load<i32>(model.outputFeatures + ((<usize>output) << 2));
    const at = prediction + ((<usize>output) << 1);
    const sum = <i32>load<i16>(at) + <i32>load<i16>(x + ((<usize>feature) << 1));
    store<i16>(at, min<i32>(max<i32>(sum, -32768), 32767));
  }
}

/**
 * The artifact's quantile table, linear between its knots and level outside.
 * @returns evidence in [0, EVIDENCE_MAX], Q8, rounded down
 */
export function evidenceOf(model: Model, surprise: i32): i32 {
  let knot = model.quantiles;
  const last = knot + ((<usize>(model.knots - 1)) << 3);
  if (surprise >= load<i32>(last)) return load<i32>(last, 4);
  if (surprise <= load<i32>(knot)) return load<i32>(knot, 4);
  while (surprise >= load<i32>(knot, 8)) knot += 8;
  const low = load<i32>(knot);
  const evidenceLow = load<i32>(knot, 4);
  const width = load<i32>(knot, 8) - low;
  const rise = load<i32>(knot, 12) - evidenceLow;
  return evidenceLow + <i32>((<i64>(surprise - low) * rise) / width);
}
