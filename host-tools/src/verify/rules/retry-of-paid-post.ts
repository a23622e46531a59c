// A request that may have been executed is sent again: twice the bill of a model, or twice the effect.
// Retries on conditions under which nothing was executed are fine.

import { setValue } from "../fix/edit-view";
import { shortHost } from "../mesh/host-name";
import type { HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { paidReason } from "../mesh/paid";
import { repeatingConditions } from "../mesh/retry-time";
import { type Finding, fixOf, type Rule } from "../rule";

const SAFE = "connect-failure,refused-stream,reset-before-request";
/** Statuses by which an upstream says that it has not served the request. */
const REFUSALS = new Set(["503", "429", "retriable-status-codes", "envoy-ratelimited"]);

export const retryOfPaidPost: Rule = {
  id: "retry-of-paid-post",
  severity: "warning",
  summary: "A POST that may have been executed, or a paid call, is sent again by a retry.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const route of mesh.routes) {
      const { retries } = route;
      if (retries === undefined) continue;
      const conditions = repeatingConditions(retries).filter((one) => !REFUSALS.has(one));
      const why = conditions.length === 0 ? undefined : reason(mesh, route);
      if (why !== undefined) yield finding(route, conditions, why);
    }
  },
};

interface Reason {
  readonly what: string;
  readonly why: string;
  readonly paid: boolean;
}

function reason(mesh: Mesh, route: HttpRoute): Reason | undefined {
  const methods = route.matches.map((match) => match.at("method", "exact").text());
  const posts = methods.length > 0 && methods.every((one) => one === "POST" || one === "PATCH");
  if (methods.length > 0 && methods.every((one) => one === "GET" || one === "HEAD"))
    return undefined;
  for (const { host } of route.destinations) {
    const paid = paidReason(mesh, host);
    if (paid === undefined) continue;
    const what = `a call of ${shortHost(host)}`;
    return { what, why: `paid: ${paid}`, paid: true };
  }
  if (!posts) return undefined;
  return { what: `a ${methods[0] ?? "POST"}`, why: "not idempotent", paid: false };
}

function finding(route: HttpRoute, conditions: readonly string[], reason: Reason): Finding {
  const { retries, name } = route;
  if (retries === undefined) throw new Error("a route without retries repeats nothing");
  const tries = retries.attempts + 1;
  const text = retries.view.at("retryOn");
  return {
    at: text,
    message:
      `${name}: ${reason.what} (${reason.why}) is sent again on ${conditions.join(", ")}, where it may have been ` +
      `executed: 1 + ${retries.attempts} = up to ${tries} ${reason.paid ? "paid calls" : "executions"} for one request.`,
    advice: `Retry only what was never executed: ${SAFE}.`,
    fix: fixOf(setValue(text, SAFE)),
  };
}
