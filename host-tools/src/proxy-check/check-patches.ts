// What our EnvoyFilters put into the proxy: every value of a patch is to be found where it was put.

import type { KubeObject } from "../istio/kube-object";
import { type Answer, answer } from "./answer";
import { at, isWithin, type Json, listAt } from "./json-value";
import { hasLabels } from "./labels";
import type { ProxyState } from "./proxy-state";

export function checkEnvoyFilter(patches: KubeObject, group: string, state: ProxyState): Answer[] {
  const { name } = patches.metadata;
  const selector = (at(patches.spec, "workloadSelector", "labels") ?? {}) as Record<string, string>;
  if (!hasLabels(state.labels, selector)) {
    return [answer(group, name, "absent", "in pods of another kind", "not such a pod")];
  }
  return listAt(patches.spec, "configPatches").map((patch) => {
    const [item, candidates] = places(patch, state);
    const value = at(patch, "patch", "value");
    const verdict = candidates.some((one) => isWithin(value, one)) ? "yes" : "no";
    const found =
      verdict === "yes"
        ? "as patched"
        : candidates.length === 0
          ? "nothing to patch"
          : "another value";
    return answer(group, `${name} ${item}`, verdict, "as patched", found);
  });
}

function places(patch: Json, state: ProxyState): [item: string, candidates: readonly Json[]] {
  const kind = String(patch["applyTo"]);
  const value = at(patch, "patch", "value");
  const named = String(at(value, "name") ?? "");
  if (kind === "HTTP_FILTER")
    return [named, state.httpFilters.filter((one) => one["name"] === named)];
  if (kind === "VIRTUAL_HOST") return ["routes", state.virtualHosts.map(({ config }) => config)];
  if (at(patch, "patch", "operation") === "ADD") {
    const added = state.clusterConfigs.get(named);
    return [`cluster ${named}`, added === undefined ? [] : [added]];
  }
  const service = at(patch, "match", "cluster", "service");
  const own = state.clusters.filter(({ host }) => service === undefined || host === service);
  return ["cluster", own.map(({ config }) => config)];
}
