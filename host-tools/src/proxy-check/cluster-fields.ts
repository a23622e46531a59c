// Where an Envoy keeps what a DestinationRule says: Istio's field, the policy's word for it, and the place
// in the cluster (istio.io/istio pilot/pkg/networking/core/cluster_traffic_policy.go).

import { at, type Json, listAt, plain } from "./json-value";
import type { OutboundCluster, ProxyState } from "./proxy-state";

export interface ClusterField {
  /** The policy's word. */
  readonly item: string;
  /** The cluster's value in the form of the rule's. */
  read(cluster: OutboundCluster, state: ProxyState, said: unknown): unknown;
}

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const OPTIONS = ["typed_extension_protocol_options", HTTP_OPTIONS] as const;
const THRESHOLDS = ["circuit_breakers", "thresholds", 0] as const;

const field = (item: string, ...path: readonly (string | number)[]): ClusterField => ({
  item,
  read: ({ config }) => at(config, ...path),
});

/** By the path in a `trafficPolicy`; what is not here is told, not passed over. */
export const CLUSTER_FIELDS: Readonly<Record<string, ClusterField>> = {
  "connectionPool.tcp.maxConnections": field(
    "pool.connections_max",
    ...THRESHOLDS,
    "max_connections",
  ),
  "connectionPool.tcp.connectTimeout": field("pool.connect_timeout_ms", "connect_timeout"),
  "connectionPool.tcp.maxConnectionDuration": field(
    "pool.connection_age_max_ms",
    ...OPTIONS,
    "common_http_protocol_options",
    "max_connection_duration",
  ),
  "connectionPool.http.http1MaxPendingRequests": field(
    "pool.pending_max",
    ...THRESHOLDS,
    "max_pending_requests",
  ),
  "connectionPool.http.http2MaxRequests": field("pool.requests_max", ...THRESHOLDS, "max_requests"),
  "connectionPool.http.maxRequestsPerConnection": field(
    "pool.requests_per_connection_max",
    ...OPTIONS,
    "common_http_protocol_options",
    "max_requests_per_connection",
  ),
  "connectionPool.http.maxRetries": field("pool.retries_max", ...THRESHOLDS, "max_retries"),
  "connectionPool.http.maxConcurrentStreams": field(
    "pool.streams_per_connection_max",
    ...OPTIONS,
    "explicit_http_config",
    "http2_protocol_options",
    "max_concurrent_streams",
  ),
  "connectionPool.http.idleTimeout": field(
    "pool.idle_timeout_ms",
    ...OPTIONS,
    "common_http_protocol_options",
    "idle_timeout",
  ),
  "connectionPool.http.h2UpgradePolicy": { item: "pool.h2_upgrade", read: upgrade },
  "outlierDetection.consecutive5xxErrors": outlier("consecutive_5xx", "consecutive_5xx"),
  "outlierDetection.consecutiveGatewayErrors": outlier(
    "consecutive_gateway_errors",
    "consecutive_gateway_failure",
  ),
  "outlierDetection.interval": outlier("interval_ms", "interval"),
  "outlierDetection.baseEjectionTime": outlier("ejection_ms", "base_ejection_time"),
  "outlierDetection.maxEjectionPercent": outlier("ejection_percent_max", "max_ejection_percent"),
  "outlierDetection.minHealthPercent": field(
    "outlier_detection.healthy_percent_min",
    "common_lb_config",
    "healthy_panic_threshold",
    "value",
  ),
  "retryBudget.percent": field(
    "retry_budget.percent",
    ...THRESHOLDS,
    "retry_budget",
    "budget_percent",
    "value",
  ),
  "retryBudget.minRetryConcurrency": field(
    "retry_budget.min_concurrent",
    ...THRESHOLDS,
    "retry_budget",
    "min_retry_concurrency",
  ),
  "loadBalancer.simple": { item: "load_balancer", read: balancer },
  "loadBalancer.consistentHash.httpHeaderName": hash("hash_header", "header", "header_name"),
  "loadBalancer.consistentHash.httpCookie.name": hash("hash_cookie.name", "cookie", "name"),
  "loadBalancer.consistentHash.httpCookie.ttl": hash("hash_cookie.max_age_s", "cookie", "ttl"),
  "loadBalancer.consistentHash.httpQueryParameterName": hash(
    "hash_query",
    "query_parameter",
    "name",
  ),
  "loadBalancer.consistentHash.useSourceIp": hash(
    "hash_source_ip",
    "connection_properties",
    "source_ip",
  ),
  "tls.mode": { item: "tls", read: ownTls },
  "tls.sni": field("tls name", "transport_socket", "typed_config", "sni"),
};

function outlier(item: string, name: string): ClusterField {
  return field(`outlier_detection.${item}`, "outlier_detection", name);
}

function upgrade({ config }: OutboundCluster): string {
  const http2 = at(config, ...OPTIONS, "explicit_http_config", "http2_protocol_options");
  return http2 === undefined ? "DO_NOT_UPGRADE" : "UPGRADE";
}

/** Round robin is the message's zero. Under an override of hosts the rule is what that falls back to. */
function balancer({ config }: OutboundCluster, _state: ProxyState, said: unknown): unknown {
  const layered = JSON.stringify(config["load_balancing_policy"] ?? null);
  if (layered.toLowerCase().includes(`.${String(said).toLowerCase()}.`)) return said;
  return layered === "null" ? (config["lb_policy"] ?? "ROUND_ROBIN") : layered;
}

/** The ring is the cluster's, the key stands at every route to it. */
function hash(item: string, kind: string, member: string): ClusterField {
  const read = (cluster: OutboundCluster, { virtualHosts }: ProxyState): unknown => {
    const policy = at(cluster.config, "lb_policy") ?? "ROUND_ROBIN";
    if (policy !== "RING_HASH" && policy !== "MAGLEV") return policy;
    const routes = virtualHosts
      .flatMap((one) => one.routes)
      .filter((route) => leads(route, cluster));
    const keys = routes.map((route) => {
      const policies = listAt(route, "route", "hash_policy");
      return plain(policies.map((one) => at(one, kind, member)).find((one) => one !== undefined));
    });
    return [...new Set(keys.map((key) => key ?? "no key"))].join(", ") || "no route";
  };
  return { item: `load_balancer.${item}`, read };
}

function leads(route: Json, { name }: OutboundCluster): boolean {
  const split = listAt(route, "route", "weighted_clusters", "clusters");
  return at(route, "route", "cluster") === name || split.some((one) => one["name"] === name);
}

function ownTls({ config }: OutboundCluster): string {
  return at(config, "transport_socket", "name") === "envoy.transport_sockets.tls"
    ? "SIMPLE"
    : "DISABLE";
}
