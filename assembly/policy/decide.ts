// From score and settings to a verdict. Rate limits are asked before: a refused request needs no further
// thought. Pure; whether the verdict is carried out is the caller's business (shadow mode).

import { AnomalyAct } from "../contract/config";
import { Reason, Verdict } from "../contract/signals";
import { RouteSettings } from "../config/settings";

let reason: Reason = Reason.None;

/** Why the last verdict was given. */
export function verdictReason(): Reason {
  return reason;
}

/**
 * @param scorePermille -1 when there is no model
 * @param thresholdPermille the artifact's, used where the route states none
 * @param limited whether a bucket was empty
 */
export function decide(
  route: RouteSettings,
  scorePermille: i32,
  thresholdPermille: i32,
  limited: bool,
): Verdict {
  if (limited) {
    reason = Reason.RateLimit;
    return Verdict.Throttle;
  }
  if (!isAnomalous(route, scorePermille, thresholdPermille)) {
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

/** @returns whether the score reaches the threshold in force; never without a model */
export function isAnomalous(
  route: RouteSettings,
  scorePermille: i32,
  thresholdPermille: i32,
): bool {
  const own = route.anomalyThresholdPermille;
  return scorePermille >= 0 && scorePermille >= (own > 0 ? own : thresholdPermille);
}
