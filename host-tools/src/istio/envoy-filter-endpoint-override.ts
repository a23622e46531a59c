// Lets a header name the endpoint of a service: a scheduler in front has chosen the replica that
// holds the session's cache, and Envoy sends the request there as long as the endpoint is one of the
// cluster. It does not ask whether the endpoint is healthy (Envoy 1.40, override_host's findHost): a
// retry takes the next one of the header's list, and after the last the balancer's choice. Istio has
// no field for it.

import type { MeshFacts, PolicyService } from "../config/policy";
import type { LoadBalancer } from "../config/policy-upstream";
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
    // Where the header is missing, names nobody of the cluster, or has no further one for a retry.
    fallback_policy: { policies: [fallback(service.load_balancer)] },
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

/** What the policy says of the load balancer, as the override takes its place in the cluster. */
function fallback(said: LoadBalancer | undefined): unknown {
  if (said === "round_robin") return typed("round_robin.v3.RoundRobin", "round_robin", {});
  if (said === "random") return typed("random.v3.Random", "random", {});
  // What is hashed stands in the routes, where istiod writes it.
  if (typeof said === "object") return typed("ring_hash.v3.RingHash", "ring_hash", {});
  return typed("least_request.v3.LeastRequest", "least_request", {});
}

function typed(type: string, name: string, config: Record<string, unknown>): unknown {
  return {
    typed_extension_config: {
      name: `envoy.load_balancing_policies.${name}`,
      typed_config: { "@type": typeUrl(`${POLICIES}.${type}`), ...config },
    },
  };
}
