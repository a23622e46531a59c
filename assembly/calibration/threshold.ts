// The threshold on evidence that is exceeded by a nominal share alpha of the steps, whatever the
// scores drift to. Not the artifact's quantile for ever: on other days than those of the
// calibration a fixed quantile is exceeded ten times as often as it says.
//
// Start: what the artifact's calibration says (split conformal), and after START_STEPS steps the
// key's own tail: a running quantile q at one in ten, the mean excess m above it, an exponential
// beyond (peaks over threshold):
//
//   start = q + m ln(0.1 / alpha)
//
// Then adaptive conformal inference (Gibbs and Candes 2021) as a step on the threshold itself:
//
//   threshold += gain (1 - alpha)   at an exceedance
//   threshold -= gain alpha         otherwise
//
// so that over n steps at most alpha n + (highest - lowest threshold) / gain steps exceed, for any
// sequence of scores. The gain is what that costs: small, and a drift is followed late; large, and
// the threshold jumps at every exceedance. So it is small until exceedances come faster than alpha
// allows, doubles with each of those, and falls back over the next 1 / alpha steps.

import {
  GAIN_MOST,
  QUIET_GAIN_LEAST,
  QUIET_GAIN_MOST,
  RECENT_USUAL,
  RISE_FULL,
  RISE_HALF,
  START_ABOVE_MAX,
  START_BELOW_MAX,
  START_STEPS,
  TAIL_EXCESS,
  TAIL_EXCESS_MAX,
  TAIL_START,
  THRESHOLD_BELOW_START,
  THRESHOLD_FRACTION,
  THRESHOLD_LEAST,
  THRESHOLD_MOST,
} from "../contract/calibration";
import { EVIDENCE_ONE } from "../contract/evidence";
import { Calibrator } from "./calibrator";

/** The running quantile moves by this times 0.9 or 0.1, Q24: 4 units. */
const QUANTILE_STEP: i32 = 262144;
/** ln(10), Q8. */
const LN_10: i32 = 589;

// @ts-ignore: decorator
@inline
function part(value: i32, alpha: i32): i32 {
  return <i32>((<i64>value * <i64>alpha) >> 30);
}

/** Rise at an exceedance in quiet times, Q24. */
// @ts-ignore: decorator
@inline
function quietGain(level: i32): i32 {
  const gain = min(QUIET_GAIN_MOST, max(QUIET_GAIN_LEAST, (level - EVIDENCE_ONE) >> 2));
  return gain << THRESHOLD_FRACTION;
}

/**
 * Puts a fresh threshold where the nominal share's evidence is, and moves it when the share was
 * changed.
 */
export function aimThreshold(state: Calibrator, level: i32): void {
  if (state.steps == 0) {
    state.threshold = level << THRESHOLD_FRACTION;
    state.start = state.threshold;
    state.gain = quietGain(level);
    state.quantile = TAIL_START << THRESHOLD_FRACTION;
    state.excess = TAIL_EXCESS << THRESHOLD_FRACTION;
  } else if (state.level != level) {
    const shift = (level - state.level) << THRESHOLD_FRACTION;
    state.threshold += shift;
    state.start += shift;
    state.held += shift;
    keepInRange(state);
  }
  state.level = level;
}

/** Learns the key's tail while it is young. */
export function learnTail(state: Calibrator, evidence: i32): void {
  if (state.steps > <u32>START_STEPS) return;
  const above = (evidence << THRESHOLD_FRACTION) - state.quantile;
  if (above > 0) {
    const counted = min(above, TAIL_EXCESS_MAX << THRESHOLD_FRACTION);
    state.excess += (counted - state.excess) >> 5;
    state.quantile += 9 * QUANTILE_STEP;
  } else {
    state.quantile = max(0, state.quantile - QUANTILE_STEP);
  }
}

/** When a key has left its youth, its threshold starts anew from its own tail. */
export function startFromTail(state: Calibrator): void {
  if (state.steps != <u32>START_STEPS) return;
  const decades = state.level - EVIDENCE_ONE;
  const tail = <i32>((((<i64>state.excess * decades) >> 8) * LN_10) >> 8);
  const own = state.quantile + tail;
  const level = state.level << THRESHOLD_FRACTION;
  const least = level - (START_BELOW_MAX << THRESHOLD_FRACTION);
  const most = level + (START_ABOVE_MAX << THRESHOLD_FRACTION);
  state.start = min(most, max(least, own));
  state.threshold = max(state.threshold, state.start);
  keepInRange(state);
}

/**
 * Moves the threshold after a step. While an incident is young a rise goes at least to the evidence
 * itself: the incident has been told of, what is worth telling is only what is worse.
 *
 * @param young whether an incident is open whose threshold is held
 * @param rise RISE_ number but RISE_REFUSED, which moves nothing
 * @param alpha nominal share, Q30
 */
export function moveThreshold(
  state: Calibrator,
  rise: i32,
  young: bool,
  evidence: i32,
  alpha: i32,
): void {
  state.recent -= part(state.recent, alpha);
  if (rise == RISE_FULL) {
    state.recent += 1 << 16;
    if (state.recent > RECENT_USUAL) {
      state.gain = min(state.gain << 1, GAIN_MOST << THRESHOLD_FRACTION);
    }
  }
  const fall = part(state.gain, alpha);
  if (rise == RISE_HALF) {
    state.threshold += quietGain(state.level) >> 1;
  } else if (rise == RISE_FULL) {
    state.threshold += state.gain;
    if (young) {
      state.threshold = max(state.threshold, evidence << THRESHOLD_FRACTION);
      state.kept += quietGain(state.level);
    }
  }
  state.threshold -= fall;
  state.gain -= part(state.gain - quietGain(state.level), alpha);
  keepInRange(state);
}

/** Not further below its start than a decade, nor further up than it has an effect. */
function keepInRange(state: Calibrator): void {
  const least = max(
    THRESHOLD_LEAST << THRESHOLD_FRACTION,
    state.start - (THRESHOLD_BELOW_START << THRESHOLD_FRACTION),
  );
  const most = THRESHOLD_MOST << THRESHOLD_FRACTION;
  state.threshold = min(most, max(least, state.threshold));
  state.held = min(most, max(least, state.held));
}

/**
 * Keeps the threshold from rising further above its start than this. For whoever would rather have more
 * alarms than stated in a bad week than none at the next incident: without it a key with an incident every
 * few minutes goes deaf, because its threshold is set by them. Call after a step.
 *
 * @param above Q8, >= 0
 */
export function boundThreshold(state: Calibrator, above: i32): void {
  const most = state.start + (above << THRESHOLD_FRACTION);
  state.threshold = min(state.threshold, most);
  state.held = min(state.held, most);
}
