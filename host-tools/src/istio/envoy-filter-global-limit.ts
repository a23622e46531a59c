// Limits that a whole fleet shares, complete: the filter that asks the rate limit service, the
// actions that say what is counted (without them the filter never asks), and the cluster of the
// service. Istio has no field for any of the three.

import type { MeshFacts, PolicyService } from "../config/policy";
import type { GlobalLimit, RateLimitService } from "../config/policy-envoy-limits";
import { serviceSelector } from "../config/pod-sets";
import { accountIdentity } from "./authorization-policy";
import { type ConfigPatch, envoyFilter, inboundFilter, typeUrl } from "./envoy-filter";
import { duration, type KubeObject } from "./kube-object";
import { meshTransportSocket } from "./mesh-transport-socket";

const FILTER_TYPE = "envoy.extensions.filters.http.ratelimit.v3.RateLimit";
const HTTP_TYPE = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const CLUSTER = "ganglion_rate_limit";

/** Key of the descriptor under which the service's limits stand; rate-limit-config.ts. */
export const SERVICE_KEY = "service";
/** Value of a limit's key for a request without its header. */
export const WITHOUT_HEADER = "none";

export function globalLimitFilter(
  service: PolicyService,
  mesh: MeshFacts,
  limits: readonly GlobalLimit[],
  backend: RateLimitService,
): KubeObject {
  return envoyFilter(`${service.name}-global-limit`, mesh.namespace, serviceSelector(service), [
    inboundFilter("envoy.filters.http.ratelimit", filter(backend)),
    actions(service, limits),
    cluster(mesh, backend),
  ]);
}

function filter(backend: RateLimitService): Record<string, unknown> {
  return {
    "@type": typeUrl(FILTER_TYPE),
    domain: backend.domain,
    failure_mode_deny: backend.deny_on_failure,
    timeout: duration(backend.timeout_ms),
    enable_x_ratelimit_headers: "DRAFT_VERSION_03",
    rate_limit_service: {
      grpc_service: {
        envoy_grpc: { cluster_name: CLUSTER },
        timeout: duration(backend.timeout_ms),
      },
      transport_api_version: "V3",
    },
  };
}

function actions(service: PolicyService, limits: readonly GlobalLimit[]): ConfigPatch {
  return {
    applyTo: "VIRTUAL_HOST",
    match: {
      context: "SIDECAR_INBOUND",
      routeConfiguration: { vhost: { route: { action: "ANY" } } },
    },
    patch: {
      operation: "MERGE",
      value: {
        rate_limits: limits.flatMap((limit) =>
          counted(limit).map((action) => ({
            actions: [
              { generic_key: { descriptor_key: SERVICE_KEY, descriptor_value: service.name } },
              action,
            ],
          })),
        ),
      },
    },
  };
}

/**
 * What a limit counts by: its name, or the header's value. Envoy leaves a descriptor out when the
 * header is not there, which would be a way around the limit; such requests are counted together.
 */
function counted({ name, key }: GlobalLimit): unknown[] {
  if (key === undefined) {
    return [{ generic_key: { descriptor_key: "limit", descriptor_value: name } }];
  }
  return [
    { request_headers: { header_name: key.header, descriptor_key: name } },
    {
      header_value_match: {
        descriptor_key: name,
        descriptor_value: WITHOUT_HEADER,
        expect_match: false,
        headers: [{ name: key.header, present_match: true }],
      },
    },
  ];
}

/** A cluster of our own, because a Sidecar may hide the service's from this proxy. */
function cluster(mesh: MeshFacts, backend: RateLimitService): ConfigPatch {
  const { host, port, timeout_ms: timeoutMs } = backend;
  const address = { socket_address: { address: host, port_value: port } };
  return {
    applyTo: "CLUSTER",
    match: { context: "SIDECAR_OUTBOUND" },
    patch: {
      operation: "ADD",
      value: {
        name: CLUSTER,
        type: "STRICT_DNS",
        dns_lookup_family: "V4_PREFERRED",
        connect_timeout: duration(timeoutMs),
        lb_policy: "ROUND_ROBIN",
        typed_extension_protocol_options: {
          "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": typeUrl(HTTP_TYPE),
            explicit_http_config: { http2_protocol_options: {} },
          },
        },
        load_assignment: {
          cluster_name: CLUSTER,
          endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
        },
        ...(speaksMtls(mesh, backend) && {
          transport_socket: meshTransportSocket(host, port, identity(mesh, backend)),
        }),
      },
    },
  };
}

/** A host of the cluster is NAME.NAMESPACE.svc and more; Istio's own clusters check the same. */
function identity(mesh: MeshFacts, { host, account }: RateLimitService): string | undefined {
  const [, place = mesh.namespace, kind] = host.split(".");
  if (account === undefined) return undefined;
  const namespace = kind === "svc" ? place : mesh.namespace;
  return `spiffe://${accountIdentity(mesh, namespace, account)}`;
}

function speaksMtls({ mtls }: MeshFacts, backend: RateLimitService): boolean {
  return backend.mtls ?? (mtls === "strict" && backend.host.endsWith(".svc.cluster.local"));
}
