// The suite for a real proxy: every fault once, strongly, in two minutes. Four of the routes, in a
// time of their own: rates higher, latencies shorter. The filter's own time constants are what they are,
// so the figures of the long run do not apply; both engines run this same scenario and are compared.

import { seededPrng } from "../lib/prng";
import { FAIR_WEATHER } from "./arm-faults";
import { assemble, routeLife } from "./make-scenario";
import { planEpisodes } from "./plan-episodes";
import type { Scenario } from "./scenario";
import { compressedRoute, SUITE_ROUTES } from "./suite-routes";

/** Together they can have every fault. */
const LIVE_ROUTES = ["chat", "embed", "search", "login"];
const COMPRESSION = 4;
/** The filter's statistics learn for a minute before they say anything. */
const WARM_UP_MS = 70_000;
const EPISODE_MS = 8_000;
const RECOVERY_MS = 6_000;
/** Upstreams of the rig hold real bodies; half a megabyte a request would measure loopback. */
const CONTENT_BYTES_MAX = 65_536;

export function liveScenario(seed: number): Scenario {
  const random = seededPrng(seed).fork("live");
  const routes = SUITE_ROUTES.filter(({ name }) => LIVE_ROUTES.includes(name)).map((route) =>
    compressedRoute(route, COMPRESSION),
  );
  const plans = planEpisodes(
    routes,
    {
      repeats: 1,
      intensities: [2],
      fromMs: WARM_UP_MS,
      recoveryMs: RECOVERY_MS,
      lastsMs: () => EPISODE_MS,
    },
    random.fork("plan"),
  );
  const untilMs = Math.max(...plans.map((plan) => plan.untilMs));
  const climate = { weather: FAIR_WEATHER, swing: 0, periodMs: 1, crowdEveryMs: Infinity };
  const lives = routes.map((route, index) => {
    const { episodes } = plans[index]!;
    return routeLife({ route, index, climate, episodes, untilMs }, random.fork(route.name));
  });
  const scenario = assemble("live", seed, routes, lives, WARM_UP_MS);
  const requests = scenario.requests.map((one) => {
    return { ...one, contentBytes: Math.min(one.contentBytes, CONTENT_BYTES_MAX) };
  });
  return { ...scenario, requests };
}
