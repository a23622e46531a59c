// Of whom the proxy is told: the hosts of the rendered Sidecar and nobody else.

import type { Policy } from "../config/policy";
import type { KubeObject } from "../istio/kube-object";
import { type Answer, answer, PROXY_GROUP } from "./answer";
import { at, listAt } from "./json-value";
import type { ProxyState } from "./proxy-state";

const NAMES_SHOWN = 3;

export function checkScope(sidecar: KubeObject, policy: Policy, state: ProxyState): Answer[] {
  const patterns = listAt(sidecar.spec, "egress").flatMap(
    (one) => (one["hosts"] ?? []) as readonly string[],
  );
  const hosts = [...new Set(state.clusters.map(({ host }) => host))].sort();
  const { namespace } = policy.mesh;
  const more = hosts.filter((host) => !patterns.some((one) => covers(one, host, namespace)));
  const names = more.slice(0, NAMES_SHOWN).join(", ") + (more.length > NAMES_SHOWN ? ", ..." : "");
  const found =
    more.length === 0
      ? `${hosts.length} hosts`
      : `${more.length} hosts that it never calls: ${names}`;
  const verdict = more.length === 0 ? "yes" : "no";
  return [
    answer(PROXY_GROUP, "mesh.egress.scope", verdict, "whom `calls` and `egress` name", found),
    ...passAnswer(sidecar, state),
  ];
}

/** `NAMESPACE/HOST`; whose namespace an outer host is of, its name does not say. */
function covers(pattern: string, host: string, own: string): boolean {
  const [space = "", name = ""] = pattern.split("/");
  const wanted = space === "." ? own : space;
  const of = /^[^.]+\.([^.]+)\.svc\./.exec(host)?.[1];
  if (space === "~" || (wanted !== "*" && of !== undefined && of !== wanted)) return false;
  if (name === "*") return true;
  return name.startsWith("*.") ? host.endsWith(name.slice(1)) : name === host;
}

/** Istio ends each list of virtual hosts with the one for everybody else. */
function passAnswer(sidecar: KubeObject, { virtualHosts }: ProxyState): Answer[] {
  const mode = at(sidecar.spec, "outboundTrafficPolicy", "mode");
  if (mode === undefined) return [];
  const names = virtualHosts.map(({ name }) => name);
  const passes = names.includes("allow_any");
  const item = "mesh.egress.policy";
  const said = String(mode).toLowerCase();
  if (!passes && !names.includes("block_all")) {
    return [answer(PROXY_GROUP, item, "absent", said, "no routes to judge by")];
  }
  const found = passes ? "allow_any" : "registry_only";
  return [answer(PROXY_GROUP, item, found === said ? "yes" : "no", said, found)];
}
