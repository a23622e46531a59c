// From a score to a verdict.

import { routeSettings } from "../../../assembly/config/settings";
import { Reason, Verdict } from "../../../assembly/contract/signals";
import { decide, isAnomalous, verdictReason } from "../../../assembly/policy/decide";
import { settingsOf } from "./parsed-settings";

const ARTIFACTS_THRESHOLD: i32 = 990;

function verdict(anomaly: string, score: i32, limited: bool): Verdict {
  const settings = settingsOf(`{"name":"a","anomaly":{${anomaly}}}`);
  return decide(routeSettings(settings, 0), score, ARTIFACTS_THRESHOLD, limited);
}

describe("a verdict", () => {
  it("is the act of the route from the threshold on", () => {
    expect(verdict('"threshold_permille":500,"act":"tag"', 500, false)).toBe(Verdict.Tag);
    expect(verdictReason()).toBe(Reason.Anomaly);
    expect(verdict('"threshold_permille":500,"act":"reroute"', 900, false)).toBe(Verdict.Reroute);
    expect(verdict('"threshold_permille":500,"act":"shed"', 1000, false)).toBe(Verdict.Shed);
  });

  it("is to allow under the threshold, and under observe", () => {
    expect(verdict('"threshold_permille":500,"act":"shed"', 499, false)).toBe(Verdict.Allow);
    expect(verdictReason()).toBe(Reason.None);
    expect(verdict('"threshold_permille":500,"act":"observe"', 999, false)).toBe(Verdict.Allow);
  });

  it("is to throttle when a bucket was empty, whatever the score", () => {
    expect(verdict('"threshold_permille":500,"act":"shed"', 1000, true)).toBe(Verdict.Throttle);
    expect(verdictReason()).toBe(Reason.RateLimit);
    expect(verdict("", -1, true)).toBe(Verdict.Throttle);
  });
});

describe("an anomaly", () => {
  it("is measured by the artifact's threshold where the route states none", () => {
    const route = routeSettings(settingsOf('{"name":"a"}'), 0);
    expect(isAnomalous(route, 989, ARTIFACTS_THRESHOLD)).toBe(false);
    expect(isAnomalous(route, 990, ARTIFACTS_THRESHOLD)).toBe(true);
  });

  it("is none without a model", () => {
    const route = routeSettings(settingsOf('{"name":"a","anomaly":{"threshold_permille":1}}'), 0);
    expect(isAnomalous(route, -1, 0)).toBe(false);
    expect(isAnomalous(route, 0, 0)).toBe(false);
    expect(isAnomalous(route, 1, 0)).toBe(true);
  });
});
