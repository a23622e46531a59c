// A mirror without a percentage copies every request; of a paid model that is the bill twice.

import { setValue } from "../fix/edit-view";
import { fullHost, shortHost } from "../mesh/host-name";
import type { HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { paidReason } from "../mesh/paid";
import { type Finding, fixOf, type Rule } from "../rule";
import { trimmed } from "../source/duration";
import type { View } from "../source/view";

/** From here on a mirror is more than a sample. */
const PERCENT_MAX = 50;
const SAMPLE_PERCENT = 5;

export const mirrorOfPaid: Rule = {
  id: "mirror-of-paid",
  severity: "warning",
  summary:
    "Most requests of a paid service are mirrored: each copy is paid and its answer is dropped.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const route of mesh.routes) {
      const { view } = route;
      const mirrors: [View, View, View][] = [
        [view.at("mirror"), view.at("mirrorPercentage", "value"), view.at("mirror_percent")],
      ];
      for (const one of view.at("mirrors").items()) {
        mirrors.push([one.at("destination"), one.at("percentage", "value"), one.at("percent")]);
      }
      for (const [target, percentage, old] of mirrors) {
        const percent = percentage.number() ?? old.number() ?? 100;
        const host = fullHost(target.at("host").text() ?? "", route.service.object.namespace);
        const why = target.exists && percent >= PERCENT_MAX ? paidReason(mesh, host) : undefined;
        if (why !== undefined) yield finding(route, target, percentage, percent, why);
      }
    }
  },
};

function finding(
  route: HttpRoute,
  target: View,
  percentage: View,
  percent: number,
  why: string,
): Finding {
  const host = shortHost(fullHost(target.at("host").text() ?? "", target.object.namespace));
  return {
    at: percentage.exists ? percentage : target,
    message:
      `${route.name}: ${percent} % of the requests go to ${host} a second time` +
      `${percentage.exists ? "" : " (no percentage is all)"}, which is paid (${why}): ` +
      `${trimmed(1 + percent / 100)} times the calls, and the copies' answers are dropped.`,
    advice: `Mirror a sample, as here ${SAMPLE_PERCENT} %: ${trimmed(1 + SAMPLE_PERCENT / 100)} times the calls.`,
    fix: fixOf(setValue(percentage, SAMPLE_PERCENT)),
  };
}
