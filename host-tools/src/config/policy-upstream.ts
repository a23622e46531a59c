// What a policy says of the connections from a caller's proxy to one service or provider: pool,
// outlier detection, retry budget, load balancing. All of it is Envoy's; the filter's own ejection
// and limits stand apart.

import { COOKIE_NAME, HEADER_NAME } from "./shape/format";
import {
  choice,
  durationMs,
  either,
  flag,
  percent,
  record,
  type Refuse,
  text,
  type ValueOf,
  whole,
} from "./shape/shape";

const COUNT_MAX = 2 ** 31 - 1;
const UNBOUNDED = "Istio's own: no bound";

const poolFields = {
  connections_max: whole("TCP connections of one proxy to all pods of the service.", {
    low: 1,
    high: COUNT_MAX,
    unit: "connections",
    otherwise: UNBOUNDED,
    example: "100",
  }),
  connect_timeout_ms: durationMs("How long a new connection may take.", {
    otherwise: "Istio's own: 10000",
    example: "5000",
  }),
  connection_age_max_ms: durationMs("Age after which a connection is closed.", {
    high: 86_400_000,
    otherwise: "none",
  }),
  pending_max: whole("Requests that wait for a connection.", {
    low: 1,
    high: COUNT_MAX,
    unit: "requests",
    otherwise: UNBOUNDED,
    example: "200",
  }),
  requests_max: whole("Requests under way from one proxy.", {
    low: 1,
    high: COUNT_MAX,
    unit: "requests",
    otherwise: UNBOUNDED,
    example: "1000",
  }),
  requests_per_connection_max: whole("Requests after which a connection is closed; 0 is never.", {
    low: 0,
    high: COUNT_MAX,
    unit: "requests",
    otherwise: "Istio's own: 0",
    example: "100",
  }),
  retries_max: whole("Retries under way from one proxy.", {
    low: 0,
    high: COUNT_MAX,
    unit: "retries",
    otherwise: UNBOUNDED,
    example: "3",
  }),
  streams_per_connection_max: whole("Requests at once on one HTTP/2 connection.", {
    low: 1,
    high: COUNT_MAX,
    unit: "requests",
    otherwise: UNBOUNDED,
  }),
  idle_timeout_ms: durationMs("Idle time after which a connection is closed.", {
    high: 86_400_000,
    otherwise: "Envoy's own: 3600000",
  }),
  h2_upgrade: flag("Speak HTTP/2 to the service's proxies even where the caller spoke HTTP/1.1.", {
    otherwise: "Istio's own: false",
  }),
};
export const poolShape = record("Connection pool of each caller's proxy.", poolFields);
export type Pool = ValueOf<typeof poolShape>;

export const retryBudgetShape = record(
  "Retries in proportion to what is under way, over `pool.retries_max`.",
  {
    percent: percent("Retries at once, of the requests under way and waiting.", { default: 20 }),
    min_concurrent: whole("Retries at once that are always allowed.", {
      low: 0,
      high: COUNT_MAX,
      unit: "retries",
      default: 3,
    }),
  },
  { istioMinor: 27 },
);
export type RetryBudget = ValueOf<typeof retryBudgetShape>;

export const outlierDetectionShape = record(
  "When Envoy takes a failing pod out, by what the caller's proxy sees of it.",
  {
    consecutive_5xx: whole("Answers of 5xx in a row; 0 switches this off.", {
      low: 0,
      high: COUNT_MAX,
      unit: "answers",
      otherwise: "Istio's own: 5",
    }),
    consecutive_gateway_errors: whole("Answers of 502, 503 or 504 in a row; 0 is off.", {
      low: 0,
      high: COUNT_MAX,
      unit: "answers",
      otherwise: "Istio's own: 0",
    }),
    interval_ms: durationMs("Time between two looks at the pods.", { default: 10_000 }),
    ejection_ms: durationMs("How long a pod stays out, times how often it was.", {
      default: 30_000,
    }),
    ejection_percent_max: percent("Pods that may be out at once.", {
      otherwise: "Istio's own: 10",
      example: "50",
    }),
    healthy_percent_min: percent("Share of healthy pods below which none is taken out.", {
      otherwise: "Istio's own: 0",
      example: "30",
    }),
  },
  { check: checkOutliers },
);
export type OutlierDetection = ValueOf<typeof outlierDetectionShape>;

function checkOutliers(
  value: {
    readonly consecutive_5xx: number | undefined;
    readonly consecutive_gateway_errors: number | undefined;
    readonly ejection_percent_max: number | undefined;
    readonly healthy_percent_min: number | undefined;
  },
  refuse: Refuse,
): void {
  const { consecutive_5xx: any = 5, consecutive_gateway_errors: gateway = 0 } = value;
  if (any === 0 && gateway === 0) {
    refuse("ejects nothing: consecutive_5xx and consecutive_gateway_errors are both 0");
  }
  if (any > 0 && gateway > any) {
    refuse(
      `never counts so far: a gateway error is a 5xx too, and ${any} of those eject first`,
      "consecutive_gateway_errors",
    );
  }
  for (const key of ["ejection_percent_max", "healthy_percent_min"] as const) {
    if (!Number.isInteger(value[key] ?? 0)) refuse("must be a whole number of percent", key);
  }
}

const hashFields = {
  hash_header: text("Header whose value chooses the pod.", {
    format: HEADER_NAME,
    example: "x-session-id",
  }),
  hash_cookie: record("Cookie that chooses the pod; made by the proxy where it is missing.", {
    name: text("Name of the cookie.", { format: COOKIE_NAME, required: true }),
    max_age_s: whole("Life of a cookie that the proxy makes; 0 is for the session.", {
      low: 0,
      high: 31_536_000,
      unit: "s",
      default: 0,
    }),
  }),
  hash_query: text("Query parameter whose value chooses the pod.", {}),
  hash_source_ip: flag("The caller's address chooses the pod."),
};
export const loadBalancerShape = either(
  "How the caller's proxy chooses a pod.",
  {
    scalar: choice("A rule without memory.", ["least_request", "round_robin", "random"]),
    map: record("The same value, the same pod, as long as it is there.", hashFields, {
      check: (value, refuse) => {
        const said = Object.values(value).filter((one) => one !== undefined && one !== false);
        if (said.length !== 1) refuse(`needs one of ${Object.keys(hashFields).join(", ")}`);
      },
    }),
  },
  { otherwise: "Istio's own: least_request", example: "{ hash_header: x-session-id }" },
);
export type LoadBalancer = ValueOf<typeof loadBalancerShape>;

/** Members of a service and of a provider. */
export const upstreamFields = {
  pool: poolShape,
  retry_budget: retryBudgetShape,
  outlier_detection: outlierDetectionShape,
  load_balancer: loadBalancerShape,
};
/** What a caller's proxy does on its way to one host. */
export interface Upstream {
  readonly pool: Pool | undefined;
  readonly retry_budget: RetryBudget | undefined;
  readonly outlier_detection: OutlierDetection | undefined;
  readonly load_balancer: LoadBalancer | undefined;
}
