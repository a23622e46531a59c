// What the policy says of connections, outliers and balancing, in the words of a cluster and a route
// of Envoy. As in the mesh only what is said is written: the rest is Envoy's own.

import type {
  LoadBalancer,
  OutlierDetection,
  Pool,
  RetryBudget,
  Upstream,
} from "../config/policy-upstream";
import { duration, said, seconds } from "../istio/kube-object";

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/** Members of a cluster. */
export function clusterSettings(upstream: Upstream): Record<string, unknown> {
  const { pool, retry_budget: budget, outlier_detection: outliers } = upstream;
  const thresholds = said({ ...(pool && breaker(pool)), ...(budget && retryBudget(budget)) });
  const options = pool && protocolOptions(pool);
  const panic = outliers?.healthy_percent_min;
  return said({
    connect_timeout: seconds(pool?.connect_timeout_ms),
    circuit_breakers:
      Object.keys(thresholds).length === 0
        ? undefined
        : { thresholds: [{ priority: "DEFAULT", ...thresholds }] },
    typed_extension_protocol_options: options && { [HTTP_OPTIONS]: options },
    outlier_detection: outliers && outlierDetection(outliers),
    lb_policy: upstream.load_balancer && balancer(upstream.load_balancer),
    common_lb_config:
      panic === undefined ? undefined : { healthy_panic_threshold: { value: panic } },
  });
}

/** Members of a route's action; empty unless a hash chooses the endpoint. */
export function hashPolicy(load: LoadBalancer | undefined): Record<string, unknown> {
  if (load === undefined || typeof load === "string") return {};
  const cookie = load.hash_cookie;
  const by = said({
    header: load.hash_header && { header_name: load.hash_header },
    cookie: cookie && { name: cookie.name, ttl: `${cookie.max_age_s}s` },
    query_parameter: load.hash_query && { name: load.hash_query },
    connection_properties: load.hash_source_ip && { source_ip: true },
  });
  return { hash_policy: [by] };
}

function breaker(pool: Pool): object {
  return {
    max_connections: pool.connections_max,
    max_pending_requests: pool.pending_max,
    max_requests: pool.requests_max,
    max_retries: pool.retries_max,
  };
}

function retryBudget({ percent, min_concurrent: least }: RetryBudget): object {
  return { retry_budget: { budget_percent: { value: percent }, min_retry_concurrency: least } };
}

/** Undefined where Envoy's own will do; a cluster with any must name its protocol too. */
function protocolOptions(pool: Pool): object | undefined {
  const common = said({
    idle_timeout: seconds(pool.idle_timeout_ms),
    max_connection_duration: seconds(pool.connection_age_max_ms),
    // Zero is "never" in Istio; Envoy says that by leaving it out.
    max_requests_per_connection: pool.requests_per_connection_max || undefined,
  });
  const streams = said({ max_concurrent_streams: pool.streams_per_connection_max });
  const upgrades = pool.h2_upgrade === true;
  if (Object.keys(common).length === 0 && !upgrades) return undefined;
  return {
    "@type": `type.googleapis.com/${HTTP_OPTIONS}`,
    ...(Object.keys(common).length === 0 ? {} : { common_http_protocol_options: common }),
    explicit_http_config: upgrades
      ? { http2_protocol_options: streams }
      : { http_protocol_options: {} },
  };
}

function outlierDetection(outliers: OutlierDetection): object {
  const { consecutive_5xx: any, consecutive_gateway_errors: gateway } = outliers;
  return said({
    ...enforced("consecutive_5xx", any),
    ...enforced("consecutive_gateway_failure", gateway),
    interval: duration(outliers.interval_ms),
    base_ejection_time: duration(outliers.ejection_ms),
    max_ejection_percent: outliers.ejection_percent_max,
  });
}

/** Envoy takes no zero for "off", and counts gateway failures without ejecting unless told. */
function enforced(name: string, count: number | undefined): Record<string, unknown> {
  if (count === undefined) return {};
  if (count === 0) return { [`enforcing_${name}`]: 0 };
  return { [name]: count, [`enforcing_${name}`]: 100 };
}

function balancer(load: LoadBalancer): string {
  return typeof load === "string" ? load.toUpperCase() : "RING_HASH";
}
