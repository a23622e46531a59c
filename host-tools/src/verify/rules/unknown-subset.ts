// A route to a subset that no DestinationRule of its host defines: Envoy has no cluster for it and
// answers 503. Of several destinations istiod leaves out those without weight (pilot's core/route/route.go),
// so that nothing is answered 503 on their account.

import { addItem, setValue } from "../fix/edit-view";
import { shortHost } from "../mesh/host-name";
import type { Destination, HttpRoute } from "../mesh/http-route";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";

export const unknownSubset: Rule = {
  id: "unknown-subset",
  severity: "error",
  summary: "A route sends to a subset that no DestinationRule of the host defines.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const route of mesh.routes) {
      for (const target of route.destinations.filter(({ share }) => share > 0)) {
        // Without any rule of the host the input is a part of the mesh, and says nothing.
        if (target.subset === undefined || mesh.destinationRules(target.host).length === 0)
          continue;
        if (mesh.subset(target.host, target.subset) === undefined)
          yield finding(mesh, route, target);
      }
    }
  },
};

function finding(mesh: Mesh, route: HttpRoute, target: Destination): Finding {
  const [rule] = mesh.destinationRules(target.host);
  const subsets = rule?.at("spec", "subsets");
  const known = subsets?.items().map((one) => one.at("name").text() ?? "") ?? [];
  const subset = target.subset ?? "";
  const added = { name: subset, labels: { version: subset } };
  return {
    at: target.view.at("destination", "subset"),
    message:
      `${route.name}: subset "${subset}" of ${shortHost(target.host)} is not defined ` +
      `(${known.length === 0 ? "there are none" : `there are ${known.join(", ")}`}): ` +
      `${Number(target.share.toFixed(1))} % of its requests are answered 503.`,
    advice: `Define the subset by the label of its pods, as here version: ${subset}.`,
    fix:
      subsets === undefined
        ? undefined
        : fixOf(known.length === 0 ? setValue(subsets, [added]) : addItem(subsets, added)),
    ...(rule === undefined
      ? {}
      : { related: [{ at: rule.at("spec"), message: "the host's rule" }] }),
  };
}
