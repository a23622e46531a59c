import { describe, expect, it } from "vitest";
import { ewmaZ } from "../../../host-tools/src/faults/ewma-z";
import { kpiWindows, STEP_MS } from "../../../host-tools/src/faults/kpi-windows";
import { ordinaryRequest } from "../../../host-tools/src/faults/request-maker";
import type { Scenario } from "../../../host-tools/src/faults/scenario";
import { staticThresholds } from "../../../host-tools/src/faults/static-thresholds";
import { emptySuiteRun, type SuiteRun } from "../../../host-tools/src/faults/suite-run";
import { SUITE_ROUTES } from "../../../host-tools/src/faults/suite-routes";
import { seededPrng } from "../../../host-tools/src/lib/prng";

interface Outcome {
  readonly latencyMs: number;
  readonly status?: number;
}

/** One key, ten requests a second for `seconds`, answered as `of` says. */
function runOf(seconds: number, of: (atMs: number, i: number) => Outcome): SuiteRun {
  const route = SUITE_ROUTES[3]!;
  const random = seededPrng(1);
  const requests = Array.from({ length: seconds * 10 }, (_, i) => {
    return ordinaryRequest(route, 0, i * 100, random);
  });
  const scenario: Scenario = {
    name: "hand-made",
    seed: 1,
    routes: [route],
    armFaults: [],
    requests,
    episodes: [],
    warmUpMs: 0,
    untilMs: [seconds * 1000],
  };
  const run = emptySuiteRun(scenario);
  requests.forEach(({ atMs }, i) => {
    const { latencyMs, status = 200 } = of(atMs, i);
    run.latencyMs[i] = run.ttfbMs[i] = latencyMs;
    run.status[i] = status;
  });
  return run;
}

describe("windows of a dashboard", () => {
  it("hold rate, p95 and shares of what ended in them", () => {
    const run = runOf(60, (_atMs, i) => ({
      latencyMs: i % 10 === 0 ? 64 : 8,
      status: i % 20 === 0 ? 503 : i % 20 === 10 ? 404 : 200,
    }));
    const [windows] = kpiWindows(run, 20_000);
    expect(windows!.atMs).toEqual([20, 25, 30, 35, 40, 45, 50, 55, 60].map((s) => s * 1000));
    for (let i = 0; i < windows!.atMs.length; i++) {
      expect(2 ** windows!.values.rate[i]!).toBeCloseTo(10, 0);
      expect(windows!.values.latency[i]).toBeCloseTo(6);
      expect(windows!.values["server-errors"][i]).toBeCloseTo(0.05, 2);
      expect(windows!.values.errors[i]).toBeCloseTo(0.1, 2);
    }
  });

  it("do not know an answer before it came", () => {
    const run = runOf(60, (atMs) => ({ latencyMs: atMs === 20_000 ? 19_000 : 10, status: 200 }));
    const [windows] = kpiWindows(run, STEP_MS);
    const slow = windows!.values.latency.map((value) => value > 10);
    // Sent at 20 s, known at 39 s.
    expect(slow.indexOf(true)).toBe(-1);
    const largest = runOf(60, (atMs) => ({ latencyMs: atMs < 20_000 ? 19_000 : 10 }));
    const [late] = kpiWindows(largest, STEP_MS);
    expect(late!.values.latency.slice(0, 3)).toEqual([0, 0, 0]);
    expect(late!.values.latency[4]).toBeGreaterThan(10);
  });
});

describe("the baselines", () => {
  const healthy = runOf(1200, (_atMs, i) => ({
    latencyMs: 20 + ((i * 7919) % 13),
    status: i % 200 === 0 ? 503 : 200,
  }));
  const isFaulty = (atMs: number): boolean => atMs >= 900_000 && atMs < 990_000;
  const faulty = runOf(1200, (atMs, i) => ({
    latencyMs: (isFaulty(atMs) ? 4 : 1) * (20 + ((i * 7919) % 13)),
    status: isFaulty(atMs) && i % 5 === 0 ? 503 : i % 200 === 0 ? 503 : 200,
  }));

  for (const detector of [
    staticThresholds([healthy], { windowMs: 30_000, kpis: ["latency", "server-errors"] }),
    ewmaZ({ windowMs: 30_000, halfLifeMs: 300_000, kpis: ["latency", "server-errors"] }),
  ]) {
    it(`${detector.name} is highest while something is wrong`, () => {
      const [series] = detector.series(faulty);
      const within = (from: number, until: number) =>
        Array.from(series!.atMs).flatMap((atMs, i) =>
          atMs >= from && atMs < until ? [series!.value[i]!] : [],
        );
      const usual = Math.max(...within(600_000, 900_000));
      expect(Math.max(...within(905_000, 990_000))).toBeGreaterThan(2 * Math.max(1, usual));
    });

    it(`${detector.name} says at each moment what it would without the future`, () => {
      const early = detector.series(runOf(600, (_atMs, i) => ({ latencyMs: 20 + (i % 13) })))[0]!;
      const late = detector.series(
        runOf(900, (atMs, i) => ({ latencyMs: atMs < 600_000 ? 20 + (i % 13) : 500 })),
      )[0]!;
      expect(Array.from(late.value).slice(0, early.value.length - 1)).toEqual(
        Array.from(early.value).slice(0, -1),
      );
    });
  }
});
