// RANDOM does not see load: a slow replica gets the same share as any other.

import { setValue } from "../fix/edit-view";
import { fullHost } from "../mesh/host-name";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { type View, viewOf } from "../source/view";

export const randomBalancing: Rule = {
  id: "random-balancing",
  severity: "warning",
  summary: "RANDOM balancing sends a slow replica the same share of requests as a fast one.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const object of mesh.ofIstio("DestinationRule")) {
      const spec = viewOf(object).at("spec");
      const host = fullHost(spec.at("host").text() ?? "", object.namespace);
      for (const view of spec.everything()) {
        if (view.path.at(-1) === "simple" && view.text() === "RANDOM")
          yield finding(mesh, host, view);
      }
    }
  },
};

function finding(mesh: Mesh, host: string, view: View): Finding {
  const replicas = mesh.workloadsOf(host).reduce((sum, one) => sum + one.replicas, 0);
  const share =
    replicas > 1
      ? `of ${replicas} replicas a slow one still gets 1/${replicas} = ${Math.round(100 / replicas)} % of the requests`
      : "one slow replica of 3, as an example, still gets 1/3 = 33 % of the requests";
  return {
    at: view,
    message: `RANDOM looks at no load: ${share}, however slow it is.`,
    advice:
      "Use LEAST_REQUEST: of two random replicas it takes the one with fewer requests in flight.",
    fix: fixOf(setValue(view, "LEAST_REQUEST")),
  };
}
