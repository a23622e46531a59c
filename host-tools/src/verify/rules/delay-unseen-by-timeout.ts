// A delay fault holds the request before the router, and the timers of the route start in the router:
// no timeout of this route can end it.

import { movedFault } from "../fix/callee-fault";
import type { HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import type { Finding, Rule } from "../rule";
import { shownSeconds } from "../source/duration";
import type { View } from "../source/view";

export const delayUnseenByTimeout: Rule = {
  id: "delay-unseen-by-timeout",
  severity: "warning",
  summary: "A delay fault is longer than the route's timeout, which cannot end it.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const route of mesh.routes) {
      const delayMs = route.view.at("fault", "delay", "fixedDelay").durationMs();
      const limit = shortestLimit(route);
      if (delayMs === undefined || limit === undefined || delayMs < limit.ms) continue;
      yield finding(mesh, route, delayMs, limit);
    }
  },
};

interface Limit {
  readonly ms: number;
  readonly name: string;
  readonly at: View;
}

function shortestLimit(route: HttpRoute): Limit | undefined {
  const { timeoutMs, retries, view } = route;
  const limits: Limit[] = [];
  if (timeoutMs !== undefined)
    limits.push({ ms: timeoutMs, name: "timeout", at: view.at("timeout") });
  if (retries?.perTryMs !== undefined) {
    const at = retries.view.at("perTryTimeout");
    limits.push({ ms: retries.perTryMs, name: "perTryTimeout", at });
  }
  return limits.sort((a, b) => a.ms - b.ms)[0];
}

function finding(mesh: Mesh, route: HttpRoute, delayMs: number, limit: Limit): Finding {
  const delay = route.view.at("fault", "delay");
  const percent = delay.at("percentage", "value").number() ?? 100;
  return {
    at: delay.at("fixedDelay"),
    message:
      `${route.name}: ${percent} % of the calls wait ${shownSeconds(delayMs)} before the router, where the ` +
      `${limit.name} of ${shownSeconds(limit.ms)} begins: they take ${shownSeconds(delayMs)} and more and none times out.`,
    advice: "Let the callee's proxy delay the answer, which is what the timeout is there for.",
    fix: movedFault(mesh, route, "delay"),
    related: [{ at: limit.at, message: `the ${limit.name} that does not hold` }],
  };
}
