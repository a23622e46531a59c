// What the proxy of a called service takes: mutual TLS as `mesh.mtls` says, and callers as the rendered
// AuthorizationPolicies say.

import type { Policy } from "../config/policy";
import type { KubeObject } from "../istio/kube-object";
import { type Answer, answer } from "./answer";
import { at, type Json, listAt } from "./json-value";
import { hasLabels } from "./labels";
import type { Listener } from "./listeners";
import type { ProxyState } from "./proxy-state";

/** Takes nobody in: it ends what is addressed to the proxy's own port. */
const BLACKHOLE = "virtualInbound-blackhole";
const RBAC = "envoy.filters.http.rbac";

/** @param group name of the service that the proxy belongs to */
export function checkInboundTls(group: string, { mesh }: Policy, state: ProxyState): Answer[] {
  const { mtls: said } = mesh;
  if (said === undefined) return [];
  const inbound = state.listeners.filter((listener) => listener.isInbound);
  if (inbound.length === 0) {
    return [answer(group, "mesh.mtls of callers", "absent", said, "this proxy takes no calls")];
  }
  const found = [...new Set(inbound.map(modeOf))].sort().join(", ");
  return [answer(group, "mesh.mtls of callers", found === said ? "yes" : "no", said, found)];
}

function modeOf({ chains }: Listener): string {
  const taking = chains.filter(({ name }) => name !== BLACKHOLE);
  const secured = taking.filter(
    (chain) => at(chain, "transport_socket", "typed_config", "require_client_certificate") === true,
  );
  if (secured.length === 0) return "off";
  return secured.length === taking.length ? "strict" : "permissive";
}

/** Each rule of an AuthorizationPolicy stands under a name of its own in the filter that decides. */
export function checkAuthorization(rules: KubeObject, group: string, state: ProxyState): Answer[] {
  const { name, namespace } = rules.metadata;
  const item = `AuthorizationPolicy ${name}`;
  const selector = (at(rules.spec, "selector", "matchLabels") ?? {}) as Record<string, string>;
  if (!hasLabels(state.labels, selector)) return [];
  const filters = state.httpFilters.filter((one) => one["name"] === RBAC);
  const prefix = `ns[${namespace ?? ""}]-policy[${name}]-rule[`;
  const found = new Set(filters.flatMap((one) => ruleNames(one)));
  const own = [...found].filter((one) => one.startsWith(prefix));
  const count = listAt(rules.spec, "rules").length;
  if (count === 0) {
    const said = "nobody but whom others allow";
    const verdict = filters.length > 0 ? "yes" : "no";
    return [answer(group, item, verdict, said, verdict === "yes" ? said : "everybody")];
  }
  const verdict = own.length === count ? "yes" : "no";
  return [answer(group, item, verdict, ruleCount(count), ruleCount(own.length))];
}

function ruleNames(filter: Json): string[] {
  return Object.keys((at(filter, "typed_config", "rules", "policies") ?? {}) as Json);
}

const ruleCount = (count: number): string => `${count} ${count === 1 ? "rule" : "rules"}`;
