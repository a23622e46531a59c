// Routes are tried in order and the first match wins: one behind a broader one is never reached.

import { insertItem, removeValue } from "../fix/edit-view";
import type { TextEdit } from "../fix/text-edit";
import type { HttpRoute } from "../mesh/http-route";
import { coversMatch } from "../mesh/match-cover";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";

export const unreachableRoute: Rule = {
  id: "unreachable-route",
  severity: "error",
  summary: "A route stands behind a broader one, so that no request reaches it.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const { routes } of mesh.virtualServices) {
      for (const [i, route] of routes.entries()) {
        const before = routes.slice(0, i).find((earlier) => covers(earlier, route));
        if (before !== undefined) yield finding(before, route);
      }
    }
  },
};

function covers(earlier: HttpRoute, later: HttpRoute): boolean {
  if (earlier.matches.length === 0) return true;
  if (later.matches.length === 0)
    return earlier.matches.some((match) => match.members().length === 0);
  return later.matches.every((one) => earlier.matches.some((match) => coversMatch(match, one)));
}

function finding(before: HttpRoute, route: HttpRoute): Finding {
  const twin = covers(route, before);
  return {
    at: route.view,
    message:
      `${route.name} gets 0 requests: ${before.name} before it ` +
      `${before.matches.length === 0 ? "has no match and takes everything" : "takes all that it matches"}.`,
    advice: twin ? "Take it out: it matches the same." : `Put it before ${before.name}.`,
    fix: twin ? fixOf(removeValue(route.view)) : moved(before, route),
    related: [{ at: before.view, message: "takes its requests" }],
  };
}

function moved(before: HttpRoute, route: HttpRoute): TextEdit[] | undefined {
  const list = before.service.view.at("spec", "http");
  const at = before.view.path.at(-1);
  if (typeof at !== "number") return undefined;
  return fixOf(insertItem(list, at, route.view.value), removeValue(route.view));
}
