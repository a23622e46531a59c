// Who may call a service. Only ALLOW is rendered: Istio reads every DENY before any ALLOW, so a
// DENY that matches everything lets nobody through, whatever else is allowed. Deny by default is an
// ALLOW without rules: it matches nothing, and what no ALLOW matches is refused.

import { serviceSelector } from "../config/pod-sets";
import type { MeshFacts, PolicyService } from "../config/policy";
import type { Allow, Tenant } from "../config/policy-security";
import { type KubeObject, metadata } from "./kube-object";

const API = "security.istio.io/v1";
const KIND = "AuthorizationPolicy";

/** Refuses what no other policy of the namespace allows. */
export function denyByDefault(name: string, namespace: string): KubeObject {
  return {
    apiVersion: API,
    kind: KIND,
    metadata: metadata(`${name}-deny-by-default`, namespace),
    spec: { action: "ALLOW" },
  };
}

/** Whose pods a policy is about. */
export type Callee = Pick<PolicyService, "name" | "labels">;

/** What the identities of callers are made of. */
export interface Identities {
  readonly mesh: MeshFacts;
  readonly services: readonly PolicyService[];
}

/**
 * The callers that a service allows: each rule's callers are alternatives, and so are the rules.
 * Within a `source` Istio demands every kind of member at once, so only principals stand there.
 */
export function allowPolicy(service: Callee, allow: readonly Allow[], of: Identities): KubeObject {
  return {
    apiVersion: API,
    kind: KIND,
    metadata: metadata(`${service.name}-callers`, of.mesh.namespace),
    spec: {
      selector: { matchLabels: serviceSelector(service) },
      action: "ALLOW",
      rules: allow.map(({ from, methods, paths }) => ({
        from: [{ source: { principals: from.map((caller) => principal(caller, of)) } }],
        ...operations(methods, paths),
      })),
    },
  };
}

/** One tenant's way into one service; its header must hold its own name. */
export function tenantPolicy(
  tenant: string,
  facts: Tenant,
  service: PolicyService,
  namespace: string,
): KubeObject {
  const { namespaces, methods, paths, header } = facts;
  const when = [{ key: `request.headers[${header}]`, values: [tenant] }];
  return {
    apiVersion: API,
    kind: KIND,
    metadata: metadata(`${service.name}-tenant-${tenant}`, namespace),
    spec: {
      selector: { matchLabels: serviceSelector(service) },
      action: "ALLOW",
      rules: [
        {
          from: [{ source: { namespaces } }],
          ...operations(methods, paths),
          ...(header === undefined ? {} : { when }),
        },
      ],
    },
  };
}

/** The identity of a caller, by service, account or NAMESPACE/ACCOUNT. */
export function principal(caller: string, { mesh, services }: Identities): string {
  const [account = "", namespace = mesh.namespace] = caller.split("/").reverse();
  const service = caller.includes("/") ? undefined : services.find(({ name }) => name === account);
  const name = service === undefined ? account : accountOf(service);
  return accountIdentity(mesh, namespace, name);
}

/** The identity of an account as certificates have it, without `spiffe://`. */
export function accountIdentity(mesh: MeshFacts, namespace: string, account: string): string {
  return `${mesh.trust_domain ?? "cluster.local"}/ns/${namespace}/sa/${account}`;
}

export function accountOf(service: PolicyService): string {
  return service.account ?? service.name;
}

function operations(methods: readonly string[] | undefined, paths: readonly string[] | undefined) {
  if (methods === undefined && paths === undefined) return {};
  const operation = { ...(methods && { methods }), ...(paths && { paths }) };
  return { to: [{ operation }] };
}
