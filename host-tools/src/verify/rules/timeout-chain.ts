// A caller that gives up before its callee: the callee works on for nobody, and the caller's own
// retries come on top.

import { raisedTimeout } from "../fix/raise-timeout";
import type { Call } from "../mesh/call-graph";
import { shortHost } from "../mesh/host-name";
import type { HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { worstMs } from "../mesh/retry-time";
import type { Finding, Rule } from "../rule";
import { shownSeconds, trimmed } from "../source/duration";

export const timeoutChain: Rule = {
  id: "timeout-chain",
  severity: "error",
  summary: "A service is given less time than what it calls may take.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const call of mesh.calls) {
      const found = judge(mesh, call);
      if (found !== undefined) yield found;
    }
  },
};

interface Bounded {
  readonly route: HttpRoute;
  readonly ms: number;
}

/**
 * Which route of the caller calls which of the callee is not written anywhere: a route for health
 * may call nothing. Two things hold whatever the pairs are: every route of the caller is shorter than
 * every one of the callee; or the callee has a route that is longer than all of all its callers.
 */
function judge(mesh: Mesh, call: Call): Finding | undefined {
  const given = longestGiven(mesh, call.from);
  const callees = bounded(mesh.routesTo(call.to));
  const [shortest] = callees;
  const longest = callees.at(-1);
  if (given === undefined || shortest === undefined || longest === undefined) return undefined;
  // Routes of the callee without a bound are longer than any.
  if (given.ms < shortest.ms) return finding(call, given, shortest);
  const reached = mesh
    .routesInto(call.to)
    .some(({ service }) => !service.gateways.includes("mesh"));
  const most = mesh.calls
    .filter((other) => other.to === call.to)
    .map((other) => longestGiven(mesh, other.from)?.ms ?? Infinity);
  if (reached || given.ms < Math.max(...most) || given.ms >= longest.ms) return undefined;
  return finding(call, given, longest);
}

/** The caller's longest route; undefined where one has no bound, or none is known. */
function longestGiven(mesh: Mesh, host: string): Bounded | undefined {
  const routes = mesh.routesInto(host);
  const given = bounded(routes);
  return given.length === routes.length ? given.at(-1) : undefined;
}

/** Routes with a bound, shortest first. */
function bounded(routes: readonly HttpRoute[]): Bounded[] {
  return routes
    .flatMap((route) => {
      const ms = worstMs(route);
      return ms === undefined ? [] : [{ route, ms }];
    })
    .sort((a, b) => a.ms - b.ms);
}

function finding(call: Call, caller: Bounded, callee: Bounded): Finding {
  const from = shortHost(call.from);
  const to = shortHost(call.to);
  const timed = caller.route.timeoutMs === caller.ms;
  return {
    at: timed ? caller.route.view.at("timeout") : caller.route.view.at("retries"),
    message:
      `${from} has ${shownSeconds(caller.ms)} (${caller.route.name}) and calls ${to}, which may take ` +
      `${shownSeconds(callee.ms)} (${callee.route.name}): ${seconds(callee.ms)} - ${seconds(caller.ms)} = ` +
      `${shownSeconds(callee.ms - caller.ms)} of work for a caller that is gone. Call known from ${call.source}.`,
    advice: `Give ${from} ${shownSeconds(callee.ms)} or more, or ${to} ${shownSeconds(caller.ms)} at most.`,
    fix: raisedTimeout(caller.route, callee.ms),
    related: [
      {
        at: callee.route.view.at(callee.route.timeoutMs === undefined ? "retries" : "timeout"),
        message: `${to} may take ${shownSeconds(callee.ms)}`,
      },
    ],
  };
}

function seconds(ms: number): string {
  return trimmed(ms / 1000);
}
