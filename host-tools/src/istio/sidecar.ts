// The Sidecar of one service: of what its pods' proxies are told. Without one every proxy holds the
// clusters and routes of the whole mesh. Hosts are `NAMESPACE/HOST` with the full name of the host;
// a short name is refused by the API server.

import { serviceSelector } from "../config/pod-sets";
import type { Policy, PolicyService } from "../config/policy";
import type { PolicyEgress } from "../config/policy-edges";
import { type KubeObject, metadata } from "./kube-object";

/** Undefined where the policy does not say what may be reached. */
export function sidecar(service: PolicyService, policy: Policy): KubeObject | undefined {
  const { egress, namespace } = policy.mesh;
  if (egress === undefined) return undefined;
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "Sidecar",
    metadata: metadata(service.name, namespace),
    spec: {
      workloadSelector: { labels: serviceSelector(service) },
      egress: [{ hosts: egressHosts(service, policy, egress) }],
      outboundTrafficPolicy: { mode: egress.policy.toUpperCase() },
    },
  };
}

function egressHosts(service: PolicyService, policy: Policy, egress: PolicyEgress): string[] {
  if (egress.scope === "all") return ["*/*"];
  if (egress.hosts.includes("*/*")) return ["*/*"];
  const { namespace, tracing, rate_limit_service: limits } = policy.mesh;
  const callees = policy.calls?.get(service.name) ?? [];
  const hosts = [
    ...callees.flatMap((callee) => hostOf(callee, policy) ?? []),
    ...[tracing?.collector?.host, limits?.host].flatMap((host) => host ?? []),
  ];
  const own = `${namespace}/`;
  const more = egress.hosts.map((host) => (host.startsWith(own) ? host.replace(own, "./") : host));
  const all = [...hosts.map((host) => egressHost(host, namespace)), ...more];
  // An empty list is refused; this is Istio's word for nothing.
  if (all.length === 0) return ["~/*"];
  return [...new Set(all)].filter((host) => host.endsWith("/*") || !all.includes(whole(host)));
}

function hostOf(callee: string, { services, providers }: Policy): string | undefined {
  const service = services.find(({ name }) => name === callee);
  return service?.host ?? providers?.get(callee)?.host;
}

/** A Kubernetes service by its namespace, `.` for our own; anything else is an entry of ours. */
function egressHost(host: string, namespace: string): string {
  const of = /^[^.]+\.([^.]+)\.svc\./.exec(host)?.[1];
  return `${of === undefined || of === namespace ? "." : of}/${host}`;
}

/** Everything of the host's namespace, beside which the host says nothing. */
function whole(host: string): string {
  return `${host.split("/")[0]}/*`;
}
