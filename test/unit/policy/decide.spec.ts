// From an alarm and the limits to a verdict.

import { routeSettings } from "../../../assembly/config/settings";
import { Reason, Verdict } from "../../../assembly/contract/signals";
import { decide, verdictReason } from "../../../assembly/policy/decide";
import { settingsOf } from "./parsed-settings";

function verdict(anomaly: string, anomalous: bool, limited: bool): Verdict {
  const settings = settingsOf(`{"name":"a","anomaly":{${anomaly}}}`);
  return decide(routeSettings(settings, 0), anomalous, limited);
}

describe("a verdict", () => {
  it("is the act of the route under an alarm", () => {
    expect(verdict('"act":"tag"', true, false)).toBe(Verdict.Tag);
    expect(verdictReason()).toBe(Reason.Anomaly);
    expect(verdict('"act":"reroute"', true, false)).toBe(Verdict.Reroute);
    expect(verdict('"act":"shed"', true, false)).toBe(Verdict.Shed);
  });

  it("is to allow without one, and under observe", () => {
    expect(verdict('"act":"shed"', false, false)).toBe(Verdict.Allow);
    expect(verdictReason()).toBe(Reason.None);
    expect(verdict('"act":"observe"', true, false)).toBe(Verdict.Allow);
  });

  it("is to throttle when a bucket was empty, alarm or not", () => {
    expect(verdict('"act":"shed"', true, true)).toBe(Verdict.Throttle);
    expect(verdictReason()).toBe(Reason.RateLimit);
    expect(verdict("", false, true)).toBe(Verdict.Throttle);
  });
});
