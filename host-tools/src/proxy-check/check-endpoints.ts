// Whether what a service's clusters stand for is there: endpoints that are up, and mutual TLS to each.

import { defaultArm, type Policy, type PolicyService } from "../config/policy";
import { type Answer, answer } from "./answer";
import type { OutboundCluster, ProxyState } from "./proxy-state";

/** Nothing for a service that the proxy does not know. */
export function checkEndpoints(
  service: PolicyService,
  { mesh }: Policy,
  { clusters }: ProxyState,
): Answer[] {
  const own = clusters.filter(({ host }) => host === service.host);
  return [
    ...own.map((cluster) => endpointAnswer(service, cluster)),
    ...(mesh.mtls === "strict" ? own.flatMap((one) => tlsAnswer(service.name, one) ?? []) : []),
  ];
}

function endpointAnswer(service: PolicyService, cluster: OutboundCluster): Answer {
  const { subset, endpoints, healthy } = cluster;
  const item = subset === "" ? "endpoints" : `endpoints (${subset})`;
  const found = endpoints === 0 ? "none" : `${healthy} of ${endpoints} healthy`;
  const isNeeded = subset === "" || subset === defaultArm(service.arms)?.subset;
  const verdict = healthy > 0 ? "yes" : isNeeded || endpoints > 0 ? "no" : "absent";
  return answer(service.name, item, verdict, "at least 1 healthy", found);
}

function tlsAnswer(group: string, cluster: OutboundCluster): Answer | undefined {
  const { subset, endpoints, encrypted, config } = cluster;
  if (endpoints === 0) return undefined;
  const isOffered = JSON.stringify(config["transport_socket_matches"] ?? null).includes(
    '"tlsMode":"istio"',
  );
  const item = subset === "" ? "mesh.mtls" : `mesh.mtls (${subset})`;
  const count = isOffered ? encrypted : 0;
  const found = `${count} of ${endpoints} endpoints`;
  return answer(group, item, count === endpoints ? "yes" : "no", "every endpoint", found);
}
