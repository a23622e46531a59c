// Tries multiply along a chain of calls: when the last service fails, every hop above it repeats, and
// the last one gets the product.

import { setValue } from "../fix/edit-view";
import type { Call } from "../mesh/call-graph";
import { shortHost } from "../mesh/host-name";
import type { HttpRoute, Retries } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { repeatingConditions } from "../mesh/retry-time";
import { type Finding, fixOf, type Rule } from "../rule";
import { objectName } from "../source/mesh-object";

/** Requests at the end of a chain for one at its start, at most; 3 x 3 tries pass. */
const PRODUCT_MAX = 10;
const SAFE = "connect-failure,refused-stream,reset-before-request";
/** A chain is followed this far; calls that go round end it sooner. */
const HOPS_MAX = 16;

interface Hop {
  readonly call: Call;
  /** The route with the most tries; undefined where none repeats. */
  readonly route: HttpRoute | undefined;
  readonly tries: number;
}

export const retryAmplification: Rule = {
  id: "retry-amplification",
  severity: "warning",
  summary: "Retries multiply along a chain of calls: one request becomes many at its end.",
  *check(mesh: Mesh): Iterable<Finding> {
    const seen = new Set<HttpRoute>();
    for (const path of worstPaths(mesh)) {
      const last = path.findLast((hop) => hop.route !== undefined)?.route;
      if (product(path) <= PRODUCT_MAX || last === undefined || seen.has(last)) continue;
      seen.add(last);
      yield finding(path, last);
    }
  },
};

/** Chains that begin where nobody calls, longest product first. */
function worstPaths(mesh: Mesh): Hop[][] {
  const hops = mesh.calls.map((call) => hopOf(mesh, call));
  const called = new Set(mesh.calls.map((call) => call.to));
  const starts = hops.filter((hop) => !called.has(hop.call.from));
  // Round trips have no start: every call may be one.
  const paths = (starts.length > 0 ? starts : hops).map((hop) => heaviest(hops, [hop]));
  return paths.sort((a, b) => product(b) - product(a));
}

/** The continuation with the largest product. */
function heaviest(hops: readonly Hop[], path: Hop[]): Hop[] {
  const end = path.at(-1)?.call.to;
  const next = hops.filter(
    (hop) => hop.call.from === end && path.every((one) => one.call.from !== hop.call.to),
  );
  if (path.length >= HOPS_MAX) return path;
  return next
    .map((hop) => heaviest(hops, [...path, hop]))
    .reduce((best, one) => (product(one) > product(best) ? one : best), path);
}

function hopOf(mesh: Mesh, call: Call): Hop {
  let most: { route: HttpRoute; tries: number } | undefined;
  for (const route of mesh.routesTo(call.to)) {
    const tries = triesOf(route.retries);
    if (tries > (most?.tries ?? 1)) most = { route, tries };
  }
  return { call, route: most?.route, tries: most?.tries ?? 1 };
}

function triesOf(retries: Retries | undefined): number {
  if (retries === undefined || retries.attempts <= 0) return 1;
  return repeatingConditions(retries).length > 0 ? retries.attempts + 1 : 1;
}

function product(path: readonly Hop[]): number {
  return path.reduce((all, hop) => all * hop.tries, 1);
}

function finding(path: readonly Hop[], last: HttpRoute): Finding {
  const hops = path.filter((hop) => hop.route !== undefined);
  const names = [path[0]?.call.from ?? "", ...path.map((hop) => hop.call.to)].map(shortHost);
  const others = [...new Set(hops.map((hop) => hop.route))].filter(
    (route) => route !== undefined && route !== last,
  );
  const sources = [...new Set(path.map((hop) => hop.call.source))];
  const own = triesOf(last.retries);
  return {
    at: last.view.at("retries"),
    message:
      `${names.join(" -> ")}: ${hops.map((hop) => String(hop.tries)).join(" x ")} tries = ` +
      `${product(path)} requests at ${names.at(-1) ?? ""} for one at the start, while it fails. ` +
      `Calls known from ${sources.join(", ")}.`,
    advice: "Retry in one place, nearest to what fails; above it only what was never executed.",
    fix: fixOf(
      ...others.map((route) => route && setValue(route.view.at("retries", "retryOn"), SAFE)),
      ...(own > PRODUCT_MAX ? [setValue(last.view.at("retries", "attempts"), 2)] : []),
    ),
    related: others.flatMap((route) =>
      route === undefined
        ? []
        : [
            {
              at: route.view.at("retries"),
              message: `${triesOf(route.retries)} tries, ${objectName(route.service.object)}`,
            },
          ],
    ),
  };
}
