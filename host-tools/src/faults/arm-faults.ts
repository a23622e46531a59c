// What is wrong with a route's arms, as the rig's fault schedules: the ordinary weather that every arm
// has, and those faults of the suite that happen to arms and not to requests.

import type { Prng } from "../lib/prng";
import { exp, exponential, log, normal } from "../model/exact-math";
import type { Fault } from "../rig/upstream/fault-schedule";
import { levelsOf } from "./fault-class";
import type { Crowd } from "./load-curve";
import type { Episode } from "./scenario";
import type { SuiteRoute } from "./suite-routes";

export interface Weather {
  /** Permille of answers that fail on a good day. */
  readonly errorPermille: number;
  /** Standard deviation of the slow drift of the latency's logarithm. */
  readonly drift: number;
  /** Mean time between pauses of an arm, and how long one lasts on average. */
  readonly pauseEveryMs: number;
  readonly pauseMs: number;
}

export const FAIR_WEATHER: Weather = {
  errorPermille: 3,
  drift: 0.08,
  pauseEveryMs: 120_000,
  pauseMs: 400,
};

/** Latencies while an arm pauses, as garbage collectors and noisy neighbours make them. */
const PAUSE_FACTOR = 3;
/** Everything is a little slower in a crowd. */
const CROWD_FACTOR = 1.2;
const DRIFT_STEP_MS = 30_000;
const DRIFT_STEPS_PER_CORRELATION = 10;
/** Steps of a drift that grows. */
const RAMP_STEPS = 24;
const FAIL_FAST_MS = 2;

/** The weather of one route, one schedule per arm, for all of [0, untilMs). */
export function armWeather(
  route: SuiteRoute,
  weather: Weather,
  crowds: readonly Crowd[],
  untilMs: number,
  random: Prng,
): Fault[][] {
  const always = { atMs: 0, untilMs, errorPermille: weather.errorPermille };
  const crowded = crowds.map((crowd) => ({
    atMs: crowd.fromMs,
    untilMs: crowd.untilMs,
    latencyFactor: CROWD_FACTOR,
  }));
  const drift = drifting(weather.drift, untilMs, random);
  return route.arms.map(() => {
    return [always, ...crowded, ...drift, ...pauses(weather, untilMs, random)];
  });
}

/** A slow random walk that is pulled back to 0, the same for all arms of a route. */
function drifting(deviation: number, untilMs: number, random: Prng): Fault[] {
  const faults: Fault[] = [];
  const pull = 1 / DRIFT_STEPS_PER_CORRELATION;
  const push = deviation * Math.sqrt(2 * pull);
  let level = 0;
  for (let atMs = 0; atMs < untilMs; atMs += DRIFT_STEP_MS) {
    faults.push({ atMs, untilMs: atMs + DRIFT_STEP_MS, latencyFactor: exp(level) });
    level += -pull * level + push * normal(random);
  }
  return faults;
}

function pauses(weather: Weather, untilMs: number, random: Prng): Fault[] {
  const faults: Fault[] = [];
  let atMs = exponential(random, weather.pauseEveryMs);
  while (atMs < untilMs) {
    const endMs = atMs + exponential(random, weather.pauseMs);
    faults.push({ atMs, untilMs: endMs, latencyFactor: PAUSE_FACTOR });
    atMs = endMs + exponential(random, weather.pauseEveryMs);
  }
  return faults;
}

/**
 * What an episode does to its route's arms, one list per arm; empty lists where the fault is in the
 * requests. Which arm suffers, where it is one, is drawn.
 */
export function episodeArmFaults(route: SuiteRoute, episode: Episode, random: Prng): Fault[][] {
  const { fault, intensity, fromMs: atMs, untilMs } = episode;
  const level = levelsOf(fault)[intensity];
  const victim = random.below(route.arms.length);
  const onAll = (faults: Fault[]): Fault[][] => route.arms.map(() => faults);
  const onOne = (one: Fault): Fault[][] => route.arms.map((_, i) => (i === victim ? [one] : []));
  switch (fault) {
    case "slow-arm":
      return onOne({ atMs, untilMs, latencyFactor: level });
    case "slow-drift":
      return onAll(ramp(atMs, untilMs, level));
    case "error-burst":
    case "retry-storm":
      return onAll([{ atMs, untilMs, errorPermille: level }]);
    case "fail-fast":
      return onOne({ atMs, untilMs, errorPermille: level, failFastMs: FAIL_FAST_MS });
    case "slow-stream":
      return onAll([{ atMs, untilMs, tokenFactor: level }]);
    default:
      return onAll([]);
  }
}

/** Equal steps of the logarithm from 1 to the factor. */
function ramp(fromMs: number, untilMs: number, factor: number): Fault[] {
  const stepMs = (untilMs - fromMs) / RAMP_STEPS;
  return Array.from({ length: RAMP_STEPS }, (_, i) => ({
    atMs: fromMs + i * stepMs,
    untilMs: fromMs + (i + 1) * stepMs,
    latencyFactor: exp((log(factor) * (i + 1)) / RAMP_STEPS),
  }));
}
