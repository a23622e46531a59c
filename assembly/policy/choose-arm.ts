// Which arm a request goes to. Not round robin, not least requests: Envoy's own policies do not look at
// latency, so a destination that is ten times slower keeps a fifth to a third of the traffic. Not plain
// peak EWMA either: an estimate that decays to nothing sends everybody back to the slow arm at once.
//
//   stale = 2^(-age / 7 s)
//   lat   = max(fast, slow) * stale + slow / 2 * (1 - stale)     bounded optimism: never under slow / 2
//   cost  = lat * (1 + in flight) * (1 + 30 * error) / weight * noise,  noise in [0.97, 1.03]; 0.97
//           for the default arm, which wins ties
//
// The arm with the lowest cost wins. An arm without a sample counts as half the best known latency, one
// request at a time. A bounded share of requests looks at an arm whose estimate is stale. Pure: state and
// settings in, an index out.

import { Reason } from "../contract/signals";
import { RouteSettings, Settings, armSettings } from "../config/settings";
import { ArmState, armLatency, armState, errorAt, isEjected } from "../state/arm-state";
import { Ewma, ageMs } from "../state/ewma";
import { exp2Negative } from "../state/math";
import { randomBelow, randomUnit } from "../state/random";

const STALE_HALF_LIFE_MS: f32 = 7000;
const ERROR_PENALTY: f32 = 30;
/** Differences under a millisecond are the proxy's and the network's noise, not the arm's. */
const LATENCY_FLOOR_MS: f32 = 1;
/** Noise on the cost of all arms but the default; breaks herds. */
const NOISE_LOW: f32 = 0.97;
const NOISE_WIDTH: f32 = 0.06;
/** An estimate older than this may be explored; a quarter while the arm is recovering. */
const EXPLORE_AGE_MS: f32 = 1000;
const EXPLORE_ERROR_MAX: f32 = 0.5;
/** Samples before an arm takes more than one request at a time. */
const COLD_SAMPLES: u32 = 5;

let chosenReason: Reason = Reason.None;
let chosenPropensity: f32 = 1;

/** Why the last choice was made: none, fallback, exploration. */
export function choiceReason(): Reason {
  return chosenReason;
}

/** Probability of the last choice under the exploration in force. */
export function choicePropensity(): f32 {
  return chosenPropensity;
}

/** The latency an arm is expected to have now, in ms; reading does not change it. */
export function expectedMs(ewma: Ewma, nowMs: f64): f32 {
  const stale = exp2Negative(ageMs(ewma.lastMs, nowMs) / STALE_HALF_LIFE_MS);
  return max<f32>(ewma.fastMs, ewma.slowMs) * stale + ewma.slowMs * 0.5 * (1 - stale);
}

function cost(state: ArmState, latencyMs: f32, weight: i32, nowMs: f64): f32 {
  const load = <f32>max(0, state.inFlight) + 1;
  const floored = max<f32>(latencyMs, LATENCY_FLOOR_MS);
  return (floored * load * (1 + ERROR_PENALTY * errorAt(state, nowMs))) / <f32>weight;
}

/** Half the best known latency: what an arm without a sample is taken for. */
function unknownLatencyMs(binding: usize, count: i32): f32 {
  let best = f32.MAX_VALUE;
  for (let i = 0; i < count; i++) {
    const ewma = armLatency(armState(boundArm(binding, i)));
    if (ewma.samples > 0 && ewma.slowMs < best) best = ewma.slowMs;
  }
  return best == f32.MAX_VALUE ? 1 : best * 0.5;
}

/** Index of the state of the route's i-th arm. */
// @ts-ignore: decorator
@inline
function boundArm(binding: usize, index: i32): i32 {
  return <i32>load<u16>(binding + <usize>index * 2);
}

function explore(route: RouteSettings, settings: Settings, binding: usize, nowMs: f64): i32 {
  const start = randomBelow(route.armCount);
  for (let k = 0; k < route.armCount; k++) {
    const i = (start + k) % route.armCount;
    if (armSettings(settings, route.armFirst + i).weight == 0) continue;
    const state = armState(boundArm(binding, i));
    if (isEjected(state, nowMs) || errorAt(state, nowMs) >= EXPLORE_ERROR_MAX) continue;
    const ewma = armLatency(state);
    // One look at a time: a probe that has not come back says enough.
    if (state.inFlight > 0 || ewma.samples == 0) continue;
    const age = ewma.below > 0 ? EXPLORE_AGE_MS * 0.25 : EXPLORE_AGE_MS;
    if (ageMs(ewma.lastMs, nowMs) > age) return i;
  }
  return -1;
}

function cheapest(
  route: RouteSettings,
  settings: Settings,
  binding: usize,
  nowMs: f64,
  spareCold: bool,
): i32 {
  let best = -1;
  let bestCost = f32.MAX_VALUE;
  for (let i = 0; i < route.armCount; i++) {
    const arm = armSettings(settings, route.armFirst + i);
    if (arm.weight == 0) continue;
    const state = armState(boundArm(binding, i));
    if (isEjected(state, nowMs)) continue;
    const ewma = armLatency(state);
    if (spareCold && ewma.samples < COLD_SAMPLES && state.inFlight > 0) continue;
    const latencyMs =
      ewma.samples == 0 ? unknownLatencyMs(binding, route.armCount) : expectedMs(ewma, nowMs);
    // Ties go to the default arm: choosing it costs no header, and it is what the user would get without
    // us. The others must be cheaper by more than the noise.
    const noise = i == route.armDefault ? NOISE_LOW : NOISE_LOW + NOISE_WIDTH * randomUnit();
    const price = cost(state, latencyMs, arm.weight, nowMs) * noise;
    if (price < bestCost) {
      bestCost = price;
      best = i;
    }
  }
  return best;
}

/** First arm of the fallback order that is not ejected; the default arm when all are. */
function fallback(route: RouteSettings, settings: Settings, binding: usize, nowMs: f64): i32 {
  for (let place = 0; place < route.armCount; place++) {
    const i = armSettings(settings, route.armFirst + place).fallback;
    if (!isEjected(armState(boundArm(binding, i)), nowMs)) return i;
  }
  return route.armDefault;
}

/**
 * Chooses among the route's arms.
 *
 * @param binding first of the route's arm-state indexes (u16 each)
 * @returns index within the route's arms; the route has at least one
 */
export function chooseArm(
  route: RouteSettings,
  settings: Settings,
  binding: usize,
  nowMs: f64,
): i32 {
  chosenReason = Reason.None;
  const epsilon = <f32>settings.explorationPermille * <f32>0.001;
  chosenPropensity = 1 - epsilon;
  if (epsilon > 0 && randomUnit() < epsilon) {
    const i = explore(route, settings, binding, nowMs);
    if (i >= 0) {
      chosenReason = Reason.Exploration;
      chosenPropensity = epsilon / <f32>route.armCount;
      return i;
    }
  }
  let best = cheapest(route, settings, binding, nowMs, true);
  // Only cold arms with a request in hand: one of them must take a second.
  if (best < 0) best = cheapest(route, settings, binding, nowMs, false);
  if (best >= 0) return best;
  chosenReason = Reason.Fallback;
  return fallback(route, settings, binding, nowMs);
}
