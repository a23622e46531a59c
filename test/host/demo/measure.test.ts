import { describe, expect, it } from "vitest";
import { emptyRun, type DemoRun } from "../../../host-tools/src/demo/demo-run";
import { losses } from "../../../host-tools/src/demo/losses";
import { floodFigures, quantile, sideFigures } from "../../../host-tools/src/demo/measure";
import { buildScenario } from "../../../host-tools/src/demo/scenario";
import { seriesTimesS, sideSeries } from "../../../host-tools/src/demo/series";

const scenario = buildScenario(38);
const WELL = 0;
const FLOODING = 3;

interface Request {
  readonly atMs: number;
  readonly tenant?: number;
  readonly latencyMs?: number;
  readonly status?: number;
  readonly arm?: number;
  readonly score?: number;
  readonly tagged?: number;
}

function runOf(requests: readonly Request[]): DemoRun {
  const run = emptyRun(
    Float64Array.from(requests, (one) => one.atMs),
    Uint16Array.from(requests, (one) => one.tenant ?? WELL),
  );
  requests.forEach((one, i) => {
    run.latencyMs[i] = one.latencyMs ?? 50;
    run.status[i] = one.status ?? 200;
    run.arm[i] = one.arm ?? -1;
    run.scorePermille[i] = one.score ?? -1;
    run.tagged[i] = one.tagged ?? 0;
  });
  return run;
}

describe("figures of a side", () => {
  it("leave the flooding tenant out of latencies and errors", () => {
    const figures = sideFigures(
      runOf([
        { atMs: 0, latencyMs: 10 },
        { atMs: 1, latencyMs: 30 },
        { atMs: 2, latencyMs: 9000, tenant: FLOODING },
        { atMs: 3, status: 503, tenant: FLOODING },
      ]),
      scenario,
    );
    expect(figures).toMatchObject({ requests: 2, ok: 2, errors: 0, p50_ms: 10, p99_ms: 30 });
  });

  it("count 5xx, broken connections and timeouts as errors, refusals apart", () => {
    const statuses = [503, 0, -1, 429, 404, 200];
    const figures = sideFigures(
      runOf(statuses.map((status, atMs) => ({ atMs, status }))),
      scenario,
    );
    expect(figures).toMatchObject({ requests: 6, errors: 3, refused: 1, ok: 1 });
  });

  it("take the slow arm's share from two seconds after it went slow", () => {
    const figures = sideFigures(
      runOf([
        { atMs: 9_000, arm: 0, latencyMs: 4000 },
        { atMs: 10_500, arm: 1 },
        { atMs: 11_000, arm: 0 },
        { atMs: 12_000, arm: 2 },
        { atMs: 13_000, arm: 2 },
        { atMs: 20_500, arm: 0 },
      ]),
      scenario,
    );
    expect(figures.slow_share_after_2s_pct).toBe(25);
    expect(figures).toMatchObject({ slow_arm_requests: 2, slow_arm_max_ms: 4000 });
  });

  it("hold the flood against rate, time and burst", () => {
    const flood = [20_000, 25_000, 29_999].map((atMs, i) => {
      return { atMs, tenant: FLOODING, status: i === 1 ? 429 : 200 };
    });
    const run = runOf([
      { atMs: 0, tenant: FLOODING },
      ...flood,
      { atMs: 31_000, tenant: FLOODING },
    ]);
    expect(floodFigures(run, scenario)).toMatchObject({ offered: 3, allowed: 440 });
    expect(sideFigures(run, scenario).flood_admitted).toBe(2);
  });
});

describe("losses", () => {
  const calm = sideFigures(runOf([{ atMs: 0, latencyMs: 50 }]), scenario);
  const flood = floodFigures(runOf([]), scenario);

  it("are none where nothing was worse", () => {
    expect(losses(scenario, calm, calm, flood)).toEqual([]);
  });

  it("name what was slower, failed, was refused, or was marked for nothing", () => {
    const worse = sideFigures(
      runOf([
        { atMs: 0, latencyMs: 80, tagged: 1 },
        { atMs: 1, status: 503, latencyMs: 80 },
        { atMs: 2, status: 429 },
      ]),
      scenario,
    );
    const found = losses(scenario, worse, calm, flood).join("\n");
    expect(found).toContain("warm-up: p50 was 80 ms with the filter, 50 ms without.");
    expect(found).toContain("warm-up: 1 errors with the filter, 0 without.");
    expect(found).toContain("1 requests of tenants that behave well were refused.");
    expect(found).toContain("1 requests were marked as anomalous while nothing was wrong.");
  });
});

describe("a machine that is too busy", () => {
  it("is named among the losses", () => {
    const run = runOf([{ atMs: 0 }, { atMs: 1 }]);
    run.lagMs.set([1, 45]);
    const late = sideFigures(run, scenario);
    expect(late.generator_lag_p99_ms).toBe(45);
    expect(losses(scenario, late, late, floodFigures(run, scenario)).join()).toContain(
      "45 ms late",
    );
  });
});

describe("series", () => {
  it("have a value each half second and null where there was nothing", () => {
    const series = sideSeries(runOf([{ atMs: 1200, latencyMs: 70, arm: 1, score: 5 }]), scenario);
    expect(seriesTimesS(scenario).slice(0, 3)).toEqual([0.5, 1, 1.5]);
    expect(series.p99Ms.slice(0, 4)).toEqual([null, 70, 70, null]);
    expect(series.armSharePct[1]!.slice(0, 4)).toEqual([null, 100, 100, null]);
    expect(series.scoreMax.slice(0, 4)).toEqual([null, 5, 5, null]);
    expect(
      new Set(
        Object.values(series)
          .flat(1)
          .filter(Array.isArray)
          .map((one) => one.length),
      ),
    ).toEqual(new Set([75]));
  });
});

describe("quantile", () => {
  it("is the nearest rank", () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2);
    expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
    expect(quantile([], 0.5)).toBe(0);
  });
});
