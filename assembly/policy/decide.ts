// From alarm, limits and settings to a verdict. Rate limits are asked before: a refused request needs no
// further thought. Pure; whether the verdict is carried out is the caller's business (shadow mode).

import { AnomalyAct } from "../contract/config";
import { Reason, Verdict } from "../contract/signals";
import { RouteSettings } from "../config/settings";

let reason: Reason = Reason.None;

/** Why the last verdict was given. */
export function verdictReason(): Reason {
  return reason;
}

/**
 * @param anomalous whether the scorer raises an alarm
 * @param limited whether a bucket was empty
 */
export function decide(route: RouteSettings, anomalous: bool, limited: bool): Verdict {
  if (limited) {
    reason = Reason.RateLimit;
    return Verdict.Throttle;
  }
  if (!anomalous) {
    reason = Reason.None;
    return Verdict.Allow;
  }
  reason = Reason.Anomaly;
  switch (route.anomalyAct) {
    case AnomalyAct.Tag:
      return Verdict.Tag;
    case AnomalyAct.Reroute:
      return Verdict.Reroute;
    case AnomalyAct.Shed:
      return Verdict.Shed;
    default:
      return Verdict.Allow;
  }
}
