import { describe, expect, it } from "vitest";
import { FAULT_CLASSES, INTENSITIES, levelsOf } from "../../../host-tools/src/faults/fault-class";
import { crowdAt, loadAt } from "../../../host-tools/src/faults/load-curve";
import { faultScenario, healthyScenario } from "../../../host-tools/src/faults/make-scenario";
import { RECOVERY_MS } from "../../../host-tools/src/faults/plan-episodes";
import { clientAddress, type SuiteRequest } from "../../../host-tools/src/faults/scenario";
import { SUITE_ROUTES } from "../../../host-tools/src/faults/suite-routes";

const scenario = faultScenario(3, 1);
const during = (wanted: string, intensity: number): SuiteRequest[] =>
  scenario.episodes
    .filter((one) => one.fault === wanted && one.intensity === intensity)
    .flatMap(({ route, fromMs, untilMs }) =>
      scenario.requests.filter(
        (one) => one.route === route && one.atMs >= fromMs && one.atMs < untilMs,
      ),
    );

describe("the fault scenario", () => {
  it("has every fault at every intensity, on a route that can have it", () => {
    for (const fault of FAULT_CLASSES) {
      const own = scenario.episodes.filter((episode) => episode.fault === fault);
      expect(own.map((episode) => episode.intensity).sort(), fault).toEqual([0, 1, 2]);
      for (const { route } of own) expect(SUITE_ROUTES[route]!.faults).toContain(fault);
    }
  });

  it("gives each route one trouble at a time, and time to recover after it", () => {
    SUITE_ROUTES.forEach((_, route) => {
      const own = scenario.episodes.filter((episode) => episode.route === route);
      let healthyFromMs = scenario.warmUpMs;
      for (const { fromMs, untilMs } of own) {
        expect(fromMs - healthyFromMs).toBeGreaterThanOrEqual(RECOVERY_MS);
        healthyFromMs = untilMs;
      }
      expect(scenario.untilMs[route]! - healthyFromMs).toBeGreaterThanOrEqual(RECOVERY_MS);
    });
  });

  it("is the same for the same seed and another for another", () => {
    const again = faultScenario(3, 1);
    const isSame = (one: SuiteRequest, other: SuiteRequest | undefined): boolean =>
      (Object.keys(one) as (keyof SuiteRequest)[]).every((field) => one[field] === other?.[field]);
    expect(again.requests.length).toBe(scenario.requests.length);
    expect(again.requests.every((one, i) => isSame(one, scenario.requests[i]))).toBe(true);
    expect([again.episodes, again.armFaults]).toEqual([scenario.episodes, scenario.armFaults]);
    expect(isSame(faultScenario(4, 1).requests[100]!, scenario.requests[100])).toBe(false);
  });

  it("sends its requests in order, to prefixes that tell the routes apart", () => {
    const isGood = (one: SuiteRequest, i: number): boolean =>
      one.atMs >= (scenario.requests[i - 1]?.atMs ?? 0) &&
      SUITE_ROUTES.findIndex(({ prefix }) => one.path.startsWith(prefix)) === one.route &&
      /^[!-~]+$/.test(one.path) &&
      /^10(\.\d{1,3}){3}$/.test(clientAddress(one.client)) &&
      one.attempt >= 1;
    expect(scenario.requests.filter((one, i) => !isGood(one, i))).toEqual([]);
  });

  it("adds what each fault of requests is made of", () => {
    for (const intensity of [0, 1, 2]) {
      const extra = (fault: string) => during(fault, intensity).filter((one) => one.isExtra);
      const level = (fault: Parameters<typeof levelsOf>[0]) => levelsOf(fault)[intensity]!;
      expect(new Set(extra("token-flood").map((one) => one.client)).size).toBe(1);
      expect(extra("retry-storm").every((one) => one.attempt > 1)).toBe(true);
      const scan = extra("scan");
      expect(scan.every((one) => one.answer === 404 && one.contentBytes === 0)).toBe(true);
      expect(new Set(scan.map((one) => one.path)).size).toBeGreaterThan(scan.length / 4);
      expect(extra("credential-stuffing").every((one) => one.answer === 401)).toBe(true);
      const smallest = Math.min(...extra("prompt-bomb").map((one) => one.contentBytes));
      expect(smallest).toBeGreaterThan(0.79 * 1024 * level("prompt-bomb"));
    }
  });

  it("leaves the schedules of the arms alone where a fault is in the requests", () => {
    for (const { fault, route, fromMs, untilMs } of scenario.episodes) {
      const own = scenario.armFaults[route]!.map((faults) =>
        faults.filter((one) => one.atMs >= fromMs && one.untilMs <= untilMs),
      ).map((faults) => faults.filter((one) => (one.latencyFactor ?? 1) !== 3));
      const hit = own.filter((faults) => faults.some((one) => one.untilMs === untilMs)).length;
      const arms = SUITE_ROUTES[route]!.arms.length;
      if (fault === "slow-arm" || fault === "fail-fast") expect(hit, fault).toBe(1);
      else if (/slow-|error|retry/.test(fault)) expect(hit, fault).toBe(arms);
      else expect(hit, fault).toBe(0);
    }
  });

  it("grows with the intensity", () => {
    for (const fault of FAULT_CLASSES) {
      const levels = levelsOf(fault);
      expect(levels).toHaveLength(INTENSITIES.length);
      expect([...levels].sort((x, y) => x - y)).toEqual(levels);
    }
  });
});

describe("healthy traffic", () => {
  it("has no fault and no request that one added", () => {
    const healthy = healthyScenario("flash-crowd", 3, 0.1);
    expect(healthy.episodes).toEqual([]);
    expect(healthy.requests.some((one) => one.isExtra)).toBe(false);
  });

  it("comes at the rates of the routes", () => {
    const healthy = healthyScenario("heavy-tailed", 3, 0.5);
    const seconds = healthy.untilMs[0]! / 1000;
    SUITE_ROUTES.forEach(({ name, rateHz }, route) => {
      const rate = healthy.requests.filter((one) => one.route === route).length / seconds;
      expect(rate / rateHz, name).toBeGreaterThan(0.8);
      expect(rate / rateHz, name).toBeLessThan(1.25);
    });
  });

  it("swings by the day's height and not further", () => {
    const curve = { swing: 0.6, periodMs: 1000, phase: 0, crowds: [] };
    const loads = Array.from({ length: 1000 }, (_, ms) => loadAt(curve, ms));
    expect(Math.max(...loads)).toBeCloseTo(1.6, 2);
    expect(Math.min(...loads)).toBeCloseTo(0.4, 2);
    const mean = loads.reduce((sum, load) => sum + load, 0) / loads.length;
    expect(mean).toBeCloseTo(1, 2);
  });

  it("has crowds that gather and go", () => {
    const crowd = { fromMs: 100_000, untilMs: 250_000, factor: 3 };
    const curve = { swing: 0, periodMs: 1000, phase: 0, crowds: [crowd] };
    const at = [99_999, 100_000, 110_000, 120_000, 200_000, 240_000, 250_000];
    expect(at.map((ms) => crowdAt(curve, ms))).toEqual([1, 1, 2, 3, 3, 2, 1]);
  });
});
