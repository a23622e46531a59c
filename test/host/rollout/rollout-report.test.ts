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

  it("shows no share where there were no requests", () => {
    const report = rolloutReport(samplePlan(), firstState(samplePlan(), "r1", START_MS));
    expect(report.steps[0]?.canary).toEqual({ requests: 0, errors: 0, error_percent: null });
    expect(textReport(report)).toContain("canary no requests");
  });
});
