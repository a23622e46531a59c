// Envoy's authorization filter, one per action as istiod writes them: DENY before ALLOW
// (authorization_policy.proto: "if there are any DENY policies that match, deny").
//
// Who calls stands in two headers here. In a mesh it is the SPIFFE id of the caller's certificate,
// of which Istio matches the whole (principals) or the part after /ns/ (namespaces); what is shown
// is how matches are combined, not where they come from.

import type { HttpFilter } from "../../rig/bootstrap";
import { filter, type Message } from "./proxy-config";

const ACCOUNT = "x-account";
const NAMESPACE = "x-namespace";

export const account = (name: string): Message => headerIs(ACCOUNT, name);
export const namespace = (name: string): Message => headerIs(NAMESPACE, name);
export const allOf = (...ids: readonly Message[]): Message => ({ and_ids: { ids } });

/** The headers of a caller. */
export function caller(accountName: string, namespaceName: string): Record<string, string> {
  return { [ACCOUNT]: accountName, [NAMESPACE]: namespaceName };
}

/** The filter with one policy: the action for any request of any of the principals. */
export function rbacFilter(action: "ALLOW" | "DENY", principals: readonly Message[]): HttpFilter {
  const policies = { only: { permissions: [{ any: true }], principals } };
  return filter("rbac", "rbac.v3.RBAC", { rules: { action, policies } });
}

function headerIs(name: string, exact: string): Message {
  return { header: { name, string_match: { exact } } };
}
