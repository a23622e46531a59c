import { describe, expect, it } from "vitest";
import { AFTERMATH_MS, judge, scoreOf } from "../../../host-tools/src/faults/judge";
import type { Episode, Scenario } from "../../../host-tools/src/faults/scenario";
import { SUITE_ROUTES } from "../../../host-tools/src/faults/suite-routes";

const episode = (route: number, fromMs: number, fault: Episode["fault"] = "scan"): Episode => {
  return { fault, intensity: 1, route, fromMs, untilMs: fromMs + 90_000 };
};

/** Two keys; two episodes on the first, one on the second. */
const scenario: Scenario = {
  name: "hand-made",
  seed: 1,
  routes: SUITE_ROUTES.slice(0, 2),
  armFaults: [[], []],
  requests: [],
  episodes: [episode(0, 1_000_000), episode(1, 1_200_000, "fail-fast"), episode(0, 2_000_000)],
  warmUpMs: 600_000,
  untilMs: [3_000_000, 3_000_000],
};

/** A series that is 1 at these times. */
const alarmsAt = (...atMs: number[]) => ({ atMs, value: atMs.map(() => 1) });
const judged = (first: number[], second: number[] = []) =>
  judge(scenario, [alarmsAt(...first), alarmsAt(...second)], [1, 1]);

describe("a judgement", () => {
  it("finds an episode by an alarm that begins while it lasts", () => {
    const { outcomes, falseAlarms } = judged([1_004_000, 1_005_000, 2_089_999], [1_200_000]);
    const delays = Object.fromEntries(outcomes.map((one) => [one.episode.fromMs, one.delayMs]));
    expect(delays).toEqual({ 1_000_000: 4000, 1_200_000: 0, 2_000_000: 89_999 });
    expect(falseAlarms).toEqual([[], []]);
  });

  it("does not find one by an alarm of another key", () => {
    const { outcomes, falseAlarms } = judged([], [1_004_000]);
    expect(outcomes.every((one) => Number.isNaN(one.delayMs))).toBe(true);
    expect(falseAlarms).toEqual([[], [1_004_000]]);
  });

  it("does not find one by an alarm that was on before", () => {
    const { outcomes, falseAlarms } = judged([970_000, 1_000_000, 1_040_000]);
    expect(outcomes[0]!.delayMs).toBeNaN();
    expect(falseAlarms[0]).toEqual([970_000]);
  });

  it("counts an alarm of the aftermath for nothing, and a later one as false", () => {
    const endMs = 1_090_000;
    const { outcomes, falseAlarms } = judged([endMs, endMs + AFTERMATH_MS]);
    expect(outcomes[0]!.delayMs).toBeNaN();
    expect(falseAlarms[0]).toEqual([endMs + AFTERMATH_MS]);
  });

  it("leaves the warm-up out", () => {
    expect(judged([100_000]).falseAlarms[0]).toEqual([]);
  });
});

describe("a score", () => {
  it("weighs what was found against what was missed and what was false", () => {
    const score = scoreOf(judged([1_010_000, 1_500_000], [1_230_000]));
    expect(score).toMatchObject({ episodes: 3, found: 2, falseAlarms: 1, delayS: 30 });
    expect(score.recall).toBeCloseTo(2 / 3);
    expect(score.precision).toBeCloseTo(2 / 3);
    expect(score.f1).toBeCloseTo(2 / 3);
  });

  it("of a part bears its share of the false alarms", () => {
    const score = scoreOf(judged([1_010_000, 1_500_000]), (one) => one.fault === "scan");
    expect(score).toMatchObject({ episodes: 2, found: 1 });
    expect(score.falseAlarms).toBeCloseTo(2 / 3);
  });

  it("is 0 where nothing was found", () => {
    expect(scoreOf(judged([]))).toMatchObject({ recall: 0, precision: 0, f1: 0, delayS: NaN });
  });
});
