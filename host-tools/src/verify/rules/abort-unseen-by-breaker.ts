// An abort fault is answered by the caller's own proxy before its router: nothing reaches the
// upstream, so outlier detection has nothing to count (http fault filter, outlier detector of Envoy).

import { movedFault } from "../fix/callee-fault";
import { shortHost } from "../mesh/host-name";
import type { HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import type { Finding, Rule } from "../rule";
import { objectName } from "../source/mesh-object";
import type { View } from "../source/view";

export const abortUnseenByBreaker: Rule = {
  id: "abort-unseen-by-breaker",
  severity: "warning",
  summary:
    "An abort fault never reaches the upstream, so the breaker of its host cannot open on it.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const route of mesh.routes) {
      if (!route.view.at("fault", "abort").exists) continue;
      const breaker = breakerOf(mesh, route);
      if (breaker !== undefined) yield finding(mesh, route, breaker);
    }
  },
};

function breakerOf(mesh: Mesh, route: HttpRoute): View | undefined {
  return route.destinations
    .flatMap(({ host }) => mesh.destinationRules(host))
    .map((rule) => rule.at("spec", "trafficPolicy", "outlierDetection"))
    .find((view) => view.exists);
}

function finding(mesh: Mesh, route: HttpRoute, breaker: View): Finding {
  const abort = route.view.at("fault", "abort");
  const percent = abort.at("percentage", "value").number() ?? 100;
  const status = abort.at("httpStatus").text() ?? "an error";
  const errors =
    breaker.at("consecutive5xxErrors").number() ??
    breaker.at("consecutiveGatewayErrors").number() ??
    5;
  const host = shortHost(route.destinations[0]?.host ?? "");
  return {
    at: abort,
    message:
      `${route.name}: ${percent} % of the calls get ${status} from the caller's own proxy; 0 of them reach ${host}. ` +
      `Its breaker opens after ${errors} errors of a host and counts 0, so this fault proves nothing about it.`,
    advice: "Let the callee's proxy answer with the error, which is what the breaker is there for.",
    fix: movedFault(mesh, route, "abort"),
    related: [{ at: breaker, message: `the breaker, of ${objectName(breaker.object)}` }],
  };
}
