// Makes scenarios: healthy traffic of three kinds, and a run in which every fault of the suite happens to
// every route that can have it. Seeded; the same options give the same scenario, byte for byte.

import { seededPrng, type Prng } from "../lib/prng";
import { exponential } from "../model/exact-math";
import type { Fault } from "../rig/upstream/fault-schedule";
import { armWeather, episodeArmFaults, FAIR_WEATHER, type Weather } from "./arm-faults";
import { extraRequests } from "./extra-requests";
import { episodeMs } from "./fault-class";
import { drawCrowds, loadAt, type LoadCurve } from "./load-curve";
import { planEpisodes, RECOVERY_MS, type PlanOptions } from "./plan-episodes";
import { ordinaryRequest } from "./request-maker";
import type { Episode, Scenario, SuiteRequest } from "./scenario";
import { SUITE_ROUTES, type SuiteRoute } from "./suite-routes";

/** Healthy traffic by what makes it hard. */
export const HEALTHY_KINDS = ["heavy-tailed", "diurnal", "flash-crowd"] as const;
export type HealthyKind = (typeof HEALTHY_KINDS)[number];

/** Everybody learns before alarms count. */
export const WARM_UP_MS = 600_000;

export interface Climate {
  readonly weather: Weather;
  /** Relative height and period of the load's swing. */
  readonly swing: number;
  readonly periodMs: number;
  /** Mean time between two crowds; Infinity for none. */
  readonly crowdEveryMs: number;
}

const CLIMATES: Readonly<Record<HealthyKind | "faults", Climate>> = {
  // More pauses, longer ones, and a drift that a tight threshold takes for a fault.
  "heavy-tailed": {
    weather: { ...FAIR_WEATHER, drift: 0.14, pauseEveryMs: 45_000, pauseMs: 700, errorPermille: 6 },
    swing: 0.15,
    periodMs: 3_600_000,
    crowdEveryMs: Infinity,
  },
  // A day in two hours: the rate changes fourfold, and twelve times as fast as it would.
  diurnal: { weather: FAIR_WEATHER, swing: 0.6, periodMs: 7_200_000, crowdEveryMs: Infinity },
  "flash-crowd": {
    weather: FAIR_WEATHER,
    swing: 0.15,
    periodMs: 3_600_000,
    crowdEveryMs: 1_800_000,
  },
  // Between the faults: everything a little, crowds among it.
  faults: { weather: FAIR_WEATHER, swing: 0.25, periodMs: 7_200_000, crowdEveryMs: 3_600_000 },
};

/** Healthy traffic of every route. @param hours of each route, after the warm-up */
export function healthyScenario(kind: HealthyKind, seed: number, hours: number): Scenario {
  const untilMs = WARM_UP_MS + hours * 3_600_000;
  const random = seededPrng(seed).fork(`healthy-${kind}`);
  const parts = SUITE_ROUTES.map((route, index) => {
    const own = random.fork(route.name);
    return routeLife({ route, index, climate: CLIMATES[kind], episodes: [], untilMs }, own);
  });
  return assemble(kind, seed, SUITE_ROUTES, parts, WARM_UP_MS);
}

/** Every fault at every intensity. @param repeats episodes of each, spread over the routes */
export function faultScenario(seed: number, repeats: number): Scenario {
  const random = seededPrng(seed).fork("faults");
  const options: PlanOptions = {
    repeats,
    intensities: [0, 1, 2],
    fromMs: WARM_UP_MS,
    recoveryMs: RECOVERY_MS,
    lastsMs: episodeMs,
  };
  const plans = planEpisodes(SUITE_ROUTES, options, random.fork("plan"));
  const parts = SUITE_ROUTES.map((route, index) => {
    const { episodes, untilMs } = plans[index]!;
    const climate = CLIMATES.faults;
    return routeLife({ route, index, climate, episodes, untilMs }, random.fork(route.name));
  });
  return assemble("faults", seed, SUITE_ROUTES, parts, WARM_UP_MS);
}

/** What one route lives through. */
export interface LifePlan {
  readonly route: SuiteRoute;
  readonly index: number;
  readonly climate: Climate;
  readonly episodes: readonly Episode[];
  readonly untilMs: number;
}

interface RouteLife {
  readonly requests: SuiteRequest[];
  readonly armFaults: Fault[][];
  readonly episodes: readonly Episode[];
  readonly untilMs: number;
}

/** Requests and schedules of one route. */
export function routeLife(plan: LifePlan, random: Prng): RouteLife {
  const { route, index, climate, episodes, untilMs } = plan;
  const drawn =
    climate.crowdEveryMs === Infinity
      ? []
      : drawCrowds(random.fork("crowds"), untilMs, climate.crowdEveryMs);
  // A crowd in the middle of a fault would leave it open what an alarm is about.
  const crowds = drawn.filter((crowd) => !episodes.some((one) => isNear(one, crowd)));
  const curve: LoadCurve = { ...climate, phase: random.fork("phase").uniform(), crowds };
  const requests = ordinaryRequests(route, index, curve, untilMs, random.fork("requests"));
  const armFaults = armWeather(route, climate.weather, crowds, untilMs, random.fork("weather"));
  const extra: SuiteRequest[] = [];
  episodes.forEach((episode, i) => {
    const own = random.fork(`episode-${i}`);
    const faults = episodeArmFaults(route, episode, own);
    armFaults.forEach((list, arm) => list.push(...faults[arm]!));
    for (const one of extraRequests(route, episode, requests, own)) extra.push(one);
  });
  return { requests: requests.concat(extra), armFaults, episodes, untilMs };
}

const CROWD_MARGIN_MS = 60_000;

function isNear(episode: Episode, { fromMs, untilMs }: { fromMs: number; untilMs: number }) {
  return fromMs < episode.untilMs + CROWD_MARGIN_MS && untilMs > episode.fromMs - CROWD_MARGIN_MS;
}

function ordinaryRequests(
  route: SuiteRoute,
  index: number,
  curve: LoadCurve,
  untilMs: number,
  random: Prng,
): SuiteRequest[] {
  const requests: SuiteRequest[] = [];
  let atMs = 0;
  for (;;) {
    atMs += exponential(random, 1000 / (route.rateHz * loadAt(curve, atMs)));
    if (atMs >= untilMs) return requests;
    requests.push(ordinaryRequest(route, index, atMs, random));
  }
}

/** Puts the routes' lives into one scenario. */
export function assemble(
  name: string,
  seed: number,
  routes: readonly SuiteRoute[],
  lives: readonly RouteLife[],
  warmUpMs: number,
): Scenario {
  const requests = lives.flatMap((life) => life.requests);
  requests.sort((x, y) => x.atMs - y.atMs || x.route - y.route);
  const episodes = lives.flatMap((life) => life.episodes).sort((x, y) => x.fromMs - y.fromMs);
  return {
    name,
    seed,
    routes,
    armFaults: lives.map((life) => life.armFaults),
    requests,
    episodes,
    warmUpMs,
    untilMs: lives.map((life) => life.untilMs),
  };
}
