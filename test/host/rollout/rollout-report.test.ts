import { describe, expect, it } from "vitest";
import {
  markdownReport,
  rolloutReport,
  textReport,
} from "../../../host-tools/src/rollout/rollout-report";
import { firstState, type RolloutState } from "../../../host-tools/src/rollout/rollout-state";
import { advance } from "../../../host-tools/src/rollout/state-machine";
import { expectGolden } from "../../support/golden";
import { block, checkAt, counts, samplePlan, START_MS } from "./sample";

/** Two good steps, then errors. */
function someRollout(minutes: number): RolloutState {
  let state = firstState(samplePlan(), "r20231114-1", START_MS);
  for (let minute = 1; minute <= minutes; minute++) {
    const seen = block(counts(400, minute > 11 ? 60 : 4), counts(7600, 76));
    state = advance(samplePlan(), state, checkAt(minute, seen));
  }
  return state;
}

describe("the report of a rollout", () => {
  it.each([
    ["under-way", 7],
    ["rolled-back", 12],
  ])("is that of the golden files when it is %s", (name, minutes) => {
    const report = rolloutReport(samplePlan(), someRollout(minutes));
    expectGolden(`rollout/report-${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
    expectGolden(`rollout/report-${name}.md`, markdownReport(report));
    expectGolden(`rollout/report-${name}.txt`, textReport(report));
  });

  it("tells of kills, and of time that nobody has watched", () => {
    const state = { ...someRollout(7), unwatchedMs: 21_400 };
    const kill = { proxy: "gateway-1", route: "chat" };
    const report = rolloutReport(samplePlan(), state, [
      { ...kill, atMs: START_MS + 90_000, evidence: { answers: 30, errors: 12 } },
      { ...kill, proxy: "gateway-2", atMs: undefined, evidence: undefined },
    ]);
    expectGolden("rollout/report-killed.json", `${JSON.stringify(report, null, 2)}\n`);
    expectGolden("rollout/report-killed.md", markdownReport(report));
    expectGolden("rollout/report-killed.txt", textReport(report));
    const shadow = rolloutReport(samplePlan({ heedsGuard: false }), state, [
      { ...kill, atMs: undefined, evidence: undefined },
    ]);
    expect(textReport(shadow)).toContain("would be taken out (guard in shadow) by gateway-1");
    const quiet = rolloutReport(samplePlan(), state, []);
    expect(textReport(quiet)).toContain("guard: no proxy has taken gpt-4o-next out");
  });

  it("shows no share where there were no requests", () => {
    const report = rolloutReport(samplePlan(), firstState(samplePlan(), "r1", START_MS));
    expect(report.steps[0]?.canary).toEqual({ requests: 0, errors: 0, error_percent: null });
    expect(textReport(report)).toContain("canary no requests");
  });
});
