// A subset whose labels no pod of the service has: its cluster has no endpoints, requests get 503.

import { setValue } from "../fix/edit-view";
import type { TextEdit } from "../fix/text-edit";
import { fullHost, shortHost } from "../mesh/host-name";
import type { Mesh } from "../mesh/mesh";
import { type Finding, fixOf, type Rule } from "../rule";
import { type View, viewOf } from "../source/view";

/** Zones, regions and host names come from the node, not from the pod's template. */
const NODE_LABEL = /^(topology\.|kubernetes\.io\/)/;

export const subsetWithoutPods: Rule = {
  id: "subset-without-pods",
  severity: "error",
  summary: "A subset's labels are on no workload of the service, so it has no endpoints.",
  *check(mesh: Mesh): Iterable<Finding> {
    for (const object of mesh.ofIstio("DestinationRule")) {
      const spec = viewOf(object).at("spec");
      const host = fullHost(spec.at("host").text() ?? "", object.namespace);
      // A service without known workloads is a part of a mesh, and says nothing.
      if (mesh.workloadsOf(host).length === 0) continue;
      for (const subset of spec.at("subsets").items()) {
        const labels = subset.at("labels");
        const keys = labels.members().map(([key]) => key);
        if (keys.length === 0 || keys.some((key) => NODE_LABEL.test(key))) continue;
        if (mesh.workloadsOf(host, labels.labels()).length > 0) continue;
        yield finding(mesh, host, subset);
      }
    }
  },
};

function finding(mesh: Mesh, host: string, subset: View): Finding {
  const labels = subset.at("labels");
  const [key = "version", value] = Object.entries(labels.labels())[0] ?? [];
  const pods = mesh.workloadsOf(host);
  const there = [...new Set(pods.map((pod) => pod.labels[key]).filter((one) => one !== undefined))];
  const siblings = viewOf(subset.object)
    .at("spec", "subsets")
    .items()
    .map((one) => one.at("labels", key).text());
  const free = there.filter((one) => !siblings.includes(one));
  const [only] = free;
  return {
    at: labels,
    message:
      `subset "${subset.at("name").text() ?? ""}" of ${shortHost(host)} asks for ${key}=${value ?? ""}; ` +
      `0 of ${pods.length} workloads have it (${key}: ${there.join(", ") || "on none"}).`,
    advice: "Give the subset the label that its pods have, or the pods that label.",
    fix: relabelled(labels, key, only, free.length === 1),
  };
}

/** The one label that no other subset has taken; with several the text does not say which is meant. */
function relabelled(
  labels: View,
  key: string,
  label: string | undefined,
  certain: boolean,
): TextEdit[] | undefined {
  if (label === undefined || !certain || labels.members().length !== 1) return undefined;
  return fixOf(setValue(labels.at(key), label));
}
