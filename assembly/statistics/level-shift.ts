// Has the level changed? A fast average against a slow one, in standard deviations of the slow one. Not a
// cumulative sum: that needs to be told how large a shift matters and at which level to start.
//
//   w         = max(weight, 1 / (n + 1))               the first values count as in a plain mean
//   delta     = x - slow
//   fast     += w_fast (x - fast)
//   variance  = (1 - w_slow) (variance + w_slow d^2)   d: delta clipped to 3 deviations, so that one
//                                                      outlier does not blind the detector
//   slow     += w_slow d'                              d': delta clipped to the reach
//   shift     = (fast - slow) / (sqrt(variance) + floor)
//
// Weights are the caller's: constant for a half-life in samples, 1 - 2^(-dt / half-life) for one in time.

/** Deviations beyond which a value counts as if it lay there, in the variance. */
const CLIP: f32 = 3;
/** Values before anything is clipped. */
const CLIP_AFTER: i32 = 32;
const SAMPLES_MAX: i32 = 65535;
/** Least deviation as a share of the level: a float knows no smaller one. */
const RELATIVE_FLOOR: f32 = 1e-6;
/** For a slow average that goes wherever the values go. */
export const REACH_FREE: f32 = 1e15;

/** Averages of one signal; all zero before the first value. */
// @ts-ignore: decorator
@unmanaged
@final
export class LevelShift {
  fast: f32;
  slow: f32;
  variance: f32;
  samples: i32;
}

// @ts-ignore: decorator
@inline
function deviation(state: LevelShift, floor: f32): f32 {
  return sqrt<f32>(state.variance) + (RELATIVE_FLOOR * abs<f32>(state.slow) + floor);
}

/**
 * Takes a value.
 *
 * @param x finite, |x| <= 1e15
 * @param fastWeight share of the new value, in (0, 1]
 * @param slowWeight as fastWeight, smaller
 * @param floor deviation that nothing falls below, > 0
 * @param reach deviations that one value can be away for the slow average; REACH_FREE for no bound
 * @returns the shift in standard deviations, positive upwards; 0 for the first value
 */
export function stepLevelShift(
  state: LevelShift,
  x: f32,
  fastWeight: f32,
  slowWeight: f32,
  floor: f32,
  reach: f32,
): f32 {
  if (state.samples == 0) {
    state.fast = x;
    state.slow = x;
    state.variance = 0;
    state.samples = 1;
    return 0;
  }
  const start: f32 = <f32>1 / <f32>(state.samples + 1);
  const fastShare = max(fastWeight, start);
  const slowShare = max(slowWeight, start);
  const delta = x - state.slow;
  let spread = delta;
  let pull = delta;
  if (state.samples >= CLIP_AFTER) {
    const unit = deviation(state, floor);
    spread = max(-(CLIP * unit), min(CLIP * unit, delta));
    pull = max(-(reach * unit), min(reach * unit, delta));
  }
  state.fast += fastShare * (x - state.fast);
  state.variance = (1 - slowShare) * (state.variance + slowShare * spread * spread);
  state.slow += slowShare * pull;
  if (state.samples < SAMPLES_MAX) state.samples++;
  return (state.fast - state.slow) / deviation(state, floor);
}
