// Lets a header name the endpoint of a service: a scheduler in front has chosen the replica that
// holds the session's cache, and Envoy sends the request there as long as the endpoint is a healthy
// one of the cluster. Istio has no field for it.

import type { MeshFacts, PolicyService } from "../config/policy";
import { envoyFilter, typeUrl } from "./envoy-filter";
import type { KubeObject } from "./kube-object";

const POLICIES = "envoy.extensions.load_balancing_policies";

export function endpointOverrideFilter(
  service: PolicyService,
  mesh: MeshFacts,
  header: string,
): KubeObject {
  const override = typed("override_host.v3.OverrideHost", "override_host", {
    override_host_sources: [{ header }],
    // Where the header is missing or names nobody healthy.
    fallback_policy: {
      policies: [typed("least_request.v3.LeastRequest", "least_request", {})],
    },
  });
  const cluster = { service: service.host, ...(service.port && { portNumber: service.port }) };
  return envoyFilter(`${service.name}-endpoint-override`, mesh.namespace, mesh.workloads, [
    {
      applyTo: "CLUSTER",
      match: { context: "ANY", cluster },
      patch: {
        operation: "MERGE",
        value: {
          lb_policy: "LOAD_BALANCING_POLICY_CONFIG",
          load_balancing_policy: { policies: [override] },
        },
      },
    },
  ]);
}

function typed(type: string, name: string, config: Record<string, unknown>): unknown {
  return {
    typed_extension_config: {
      name: `envoy.load_balancing_policies.${name}`,
      typed_config: { "@type": typeUrl(`${POLICIES}.${type}`), ...config },
    },
  };
}
