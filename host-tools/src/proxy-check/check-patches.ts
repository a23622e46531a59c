// What our EnvoyFilters put into the proxy: every value of a patch is to be found where it was put.

import type { KubeObject } from "../istio/kube-object";
import { type Answer, answer } from "./answer";
import { at, firstMissing, type Json, listAt } from "./json-value";
import { hasLabels } from "./labels";
import type { ProxyState } from "./proxy-state";

const PATCHED = "as patched";

export function checkEnvoyFilter(patches: KubeObject, group: string, state: ProxyState): Answer[] {
  const { name } = patches.metadata;
  const selector = (at(patches.spec, "workloadSelector", "labels") ?? {}) as Record<string, string>;
  if (!hasLabels(state.labels, selector)) {
    return [answer(group, name, "absent", "in pods of another kind", "not such a pod")];
  }
  return listAt(patches.spec, "configPatches").map((patch) => {
    const { item, candidates, isForEach } = placesOf(patch, state);
    const value = at(patch, "patch", "value");
    const missing = candidates.map((one) => firstMissing(value, one));
    const has = missing.filter((one) => one === undefined).length;
    const isThere = isForEach ? has === candidates.length && has > 0 : has > 0;
    const other = missing.find((one) => one !== undefined);
    const found = isThere ? PATCHED : (other ?? "nothing to patch");
    return answer(group, `${name} ${item}`, isThere ? "yes" : "no", PATCHED, found);
  });
}

interface Places {
  readonly item: string;
  readonly candidates: readonly Json[];
  /** Each of them is patched; else one is, and the others are somebody else's. */
  readonly isForEach: boolean;
}

function placesOf(patch: Json, state: ProxyState): Places {
  const kind = String(patch["applyTo"]);
  const named = String(at(patch, "patch", "value", "name") ?? "");
  if (kind === "HTTP_FILTER") {
    const candidates = state.httpFilters.filter((one) => one["name"] === named);
    return { item: named, candidates, isForEach: false };
  }
  if (kind === "VIRTUAL_HOST") {
    const isInbound = at(patch, "match", "context") === "SIDECAR_INBOUND";
    const hosts = state.virtualHosts.filter(
      ({ table }) => !isInbound || table.startsWith("inbound|"),
    );
    return { item: "routes", candidates: hosts.map(({ config }) => config), isForEach: true };
  }
  if (at(patch, "patch", "operation") === "ADD") {
    const added = state.clusterConfigs.get(named);
    const candidates = added === undefined ? [] : [added];
    return { item: `cluster ${named}`, candidates, isForEach: true };
  }
  const service = at(patch, "match", "cluster", "service");
  const port = at(patch, "match", "cluster", "portNumber");
  const own = state.clusters.filter(
    (one) =>
      (service === undefined || one.host === service) &&
      (port === undefined || one.port === String(port)),
  );
  return { item: "cluster", candidates: own.map(({ config }) => config), isForEach: true };
}
