// Weights are shares of their sum, so a sum beside 100 gives other percentages than those written.

import { setValue } from "../fix/edit-view";
import type { TextEdit } from "../fix/text-edit";
import type { HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { trimmed } from "../source/duration";

export const weightsNot100: Rule = {
  id: "weights-not-100",
  severity: "warning",
  summary: "The weights of a route do not sum to 100, so that shares are others than written.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const route of mesh.routes) {
      const { destinations } = route;
      const weights = destinations.map((one) => one.weight);
      const sum = weights.reduce((a, b) => a + b, 0);
      // Small integers such as 1 and 3 are ratios on purpose.
      if (destinations.length < 2 || sum === 100 || sum < 50) continue;
      yield finding(route, weights, sum);
    }
  },
};

function finding(route: HttpRoute, weights: readonly number[], sum: number): Finding {
  const shares = weights.map((weight) => `${trimmed((weight / sum) * 100)} %`);
  return {
    at: route.view.at("route"),
    message: `${route.name}: ${weights.join(" + ")} = ${sum}, so the shares are ${shares.join(", ")}.`,
    advice: "Let the weights sum to 100.",
    fix: corrected(route, weights, sum),
  };
}

/** The first weight takes what is missing or too much, if it can; else all are scaled. */
function corrected(
  { destinations }: HttpRoute,
  weights: readonly number[],
  sum: number,
): TextEdit[] | undefined {
  const first = (weights[0] ?? 0) + 100 - sum;
  if (first > 0)
    return fixOf(destinations[0] && setValue(destinations[0].view.at("weight"), first));
  const scaled = weights.map((weight) => Math.floor((weight / sum) * 100));
  scaled[0] = (scaled[0] ?? 0) + 100 - scaled.reduce((a, b) => a + b, 0);
  return fixOf(...destinations.map(({ view }, i) => setValue(view.at("weight"), scaled[i] ?? 0)));
}
