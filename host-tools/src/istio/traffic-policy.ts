// How a caller's proxy speaks to one host: the trafficPolicy of a DestinationRule from what the
// policy says of pool, outliers, retry budget and load balancing. Only what is said is written, so
// that Istio's own defaults stay Istio's.

import type { PolicyArm, PolicyService } from "../config/policy";
import type {
  LoadBalancer,
  OutlierDetection,
  Pool,
  RetryBudget,
  Upstream,
} from "../config/policy-upstream";
import { duration, said, seconds } from "./kube-object";

/** Undefined where the policy says nothing. */
export function trafficPolicy(upstream: Upstream): Record<string, unknown> | undefined {
  const { pool, outlier_detection: outliers, load_balancer: balancer } = upstream;
  const { retry_budget: budget } = upstream;
  const policy = said({
    connectionPool: pool && connectionPool(pool),
    loadBalancer: balancer && loadBalancer(balancer),
    outlierDetection: outliers && outlierDetection(outliers),
    retryBudget: budget && retryBudget(budget),
  });
  return Object.keys(policy).length === 0 ? undefined : policy;
}

/** The pool of an arm: its own words over the service's, member by member. */
export function armPool(service: PolicyService, arm: PolicyArm): Pool | undefined {
  if (arm.pool === undefined) return service.pool;
  return { ...service.pool, ...said(arm.pool) } as Pool;
}

export function connectionPool(pool: Pool): object {
  const tcp = said({
    maxConnections: pool.connections_max,
    connectTimeout: seconds(pool.connect_timeout_ms),
    maxConnectionDuration: seconds(pool.connection_age_max_ms),
  });
  const http = said({
    http1MaxPendingRequests: pool.pending_max,
    http2MaxRequests: pool.requests_max,
    maxRequestsPerConnection: pool.requests_per_connection_max,
    maxRetries: pool.retries_max,
    maxConcurrentStreams: pool.streams_per_connection_max,
    idleTimeout: seconds(pool.idle_timeout_ms),
    h2UpgradePolicy: upgradePolicy(pool.h2_upgrade),
  });
  return {
    ...(Object.keys(tcp).length === 0 ? {} : { tcp }),
    ...(Object.keys(http).length === 0 ? {} : { http }),
  };
}

function upgradePolicy(upgrade: boolean | undefined): string | undefined {
  if (upgrade === undefined) return undefined;
  return upgrade ? "UPGRADE" : "DO_NOT_UPGRADE";
}

function outlierDetection(outliers: OutlierDetection): object {
  return said({
    consecutive5xxErrors: outliers.consecutive_5xx,
    consecutiveGatewayErrors: outliers.consecutive_gateway_errors,
    interval: duration(outliers.interval_ms),
    baseEjectionTime: duration(outliers.ejection_ms),
    maxEjectionPercent: outliers.ejection_percent_max,
    minHealthPercent: outliers.healthy_percent_min,
  });
}

function retryBudget({ percent, min_concurrent: least }: RetryBudget): object {
  return { percent, minRetryConcurrency: least };
}

function loadBalancer(balancer: LoadBalancer): object {
  if (typeof balancer === "string") return { simple: balancer.toUpperCase() };
  const cookie = balancer.hash_cookie;
  return {
    consistentHash: said({
      httpHeaderName: balancer.hash_header,
      httpCookie: cookie && { name: cookie.name, ttl: `${cookie.max_age_s}s` },
      httpQueryParameterName: balancer.hash_query,
      useSourceIp: balancer.hash_source_ip,
    }),
  };
}
