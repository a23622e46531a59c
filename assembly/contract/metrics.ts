// Every metric of the filter: name, kind, labels. Written once, compiled into the filter and bundled into
// the host tool, so that a dashboard and a proxy can never disagree.
//
// This file is shared with the host tool and must remain portable (no AssemblyScript built-ins).

/** What a metric is in the proxy. Values are the Proxy-Wasm ABI's metric types. */
export enum MetricKind {
  Counter = 0,
  Gauge = 1,
}

/** Which labels a metric carries, in this order: route, arm or limit, verdict or reason, worker. */
export enum MetricScope {
  /** One per proxy. */
  Proxy = 0,
  /** Label worker. */
  Worker = 1,
  /** Label route. */
  Route = 2,
  /** Labels route, arm. */
  Arm = 3,
  /** Labels route, limit. */
  Limit = 4,
  /** Labels route, verdict, enforced. */
  Verdict = 5,
  /** Labels route, worker. */
  RouteWorker = 6,
  /** Labels route, arm, worker. */
  ArmWorker = 7,
  /** Label cause. */
  Cause = 8,
  /** Labels route, layer. */
  Layer = 9,
  /** Labels route, layer, worker. */
  LayerWorker = 10,
}

/**
 * Every metric. A metric named N with labels a and b is written by the filter as
 * `a=.=VALUE;.;b=.=VALUE;.;N`, which Istio's extraStatTags and the tag expressions that the host tool
 * renders for plain Envoy turn into Prometheus labels.
 */
export enum Metric {
  RequestsTotal = 0,
  UnmatchedTotal = 1,
  ArmRequestsTotal = 2,
  ArmFailuresTotal = 3,
  ArmIgnoredTotal = 4,
  VerdictsTotal = 5,
  LimitedTotal = 6,
  LimitAdmittedTotal = 7,
  StrippedHeadersTotal = 8,
  ErrorsTotal = 9,
  ConfigsTotal = 10,
  ConfigError = 11,
  ConfigEpoch = 12,
  HeartbeatSeconds = 13,
  ModelVersion = 14,
  ScorePermille = 15,
  ArmLatencyMicroseconds = 16,
  ArmP50Microseconds = 17,
  ArmP95Microseconds = 18,
  ArmP99Microseconds = 19,
  ArmErrorPermille = 20,
  ArmInFlight = 21,
  ArmEjected = 22,
  RouteP50Microseconds = 23,
  RouteP95Microseconds = 24,
  RouteP99Microseconds = 25,
  RouteTtfbMicroseconds = 26,
  AnomaliesTotal = 27,
  ArmTtfbMicroseconds = 28,
  IncidentsTotal = 29,
  IncidentOpen = 30,
  ThresholdMillibans = 31,
  LayerEvidenceMillibans = 32,
  LayerAlarmsTotal = 33,
  CanaryRequestsTotal = 34,
  CanaryErrorsTotal = 35,
  CanaryKilled = 36,
  StableRequestsTotal = 37,
  StableErrorsTotal = 38,
  CanaryKillTimeSeconds = 39,
  CanaryKillAnswers = 40,
  CanaryKillErrors = 41,
}
export const METRICS: i32 = 42;

/** The metric's name without labels, as Prometheus shows it. */
export function metricName(metric: i32): string {
  switch (metric) {
    case 0:
      return "ganglion_requests_total";
    case 1:
      return "ganglion_unmatched_total";
    case 2:
      return "ganglion_arm_requests_total";
    case 3:
      return "ganglion_arm_failures_total";
    case 4:
      return "ganglion_arm_ignored_total";
    case 5:
      return "ganglion_verdicts_total";
    case 6:
      return "ganglion_limited_total";
    case 7:
      return "ganglion_limit_admitted_total";
    case 8:
      return "ganglion_stripped_headers_total";
    case 9:
      return "ganglion_errors_total";
    case 10:
      return "ganglion_configs_total";
    case 11:
      return "ganglion_config_error";
    case 12:
      return "ganglion_config_epoch";
    case 13:
      return "ganglion_heartbeat_seconds";
    case 14:
      return "ganglion_model_version";
    case 15:
      return "ganglion_score_permille";
    case 16:
      return "ganglion_arm_latency_microseconds";
    case 17:
      return "ganglion_arm_p50_microseconds";
    case 18:
      return "ganglion_arm_p95_microseconds";
    case 19:
      return "ganglion_arm_p99_microseconds";
    case 20:
      return "ganglion_arm_error_permille";
    case 21:
      return "ganglion_arm_in_flight";
    case 22:
      return "ganglion_arm_ejected";
    case 23:
      return "ganglion_route_p50_microseconds";
    case 24:
      return "ganglion_route_p95_microseconds";
    case 25:
      return "ganglion_route_p99_microseconds";
    case 26:
      return "ganglion_route_ttfb_microseconds";
    case 27:
      return "ganglion_anomalies_total";
    case 28:
      return "ganglion_arm_ttfb_microseconds";
    case 29:
      return "ganglion_incidents_total";
    case 30:
      return "ganglion_incident_open";
    case 31:
      return "ganglion_threshold_millibans";
    case 32:
      return "ganglion_layer_evidence_millibans";
    case 33:
      return "ganglion_layer_alarms_total";
    case 34:
      return "ganglion_canary_requests_total";
    case 35:
      return "ganglion_canary_errors_total";
    case 36:
      return "ganglion_canary_killed";
    case 37:
      return "ganglion_stable_requests_total";
    case 38:
      return "ganglion_stable_errors_total";
    case 39:
      return "ganglion_canary_kill_time_seconds";
    case 40:
      return "ganglion_canary_kill_answers";
    default:
      return "ganglion_canary_kill_errors";
  }
}

/** What the metric is in the proxy. */
export function metricKind(metric: i32): MetricKind {
  if (metric <= 10 || metric == 27 || metric == 29) return MetricKind.Counter;
  return metric >= 33 && metric <= 38 && metric != 36 ? MetricKind.Counter : MetricKind.Gauge;
}

/** Which labels the metric carries. */
export function metricScope(metric: i32): MetricScope {
  switch (metric) {
    case 0:
    case 27:
    case 29:
    case 34:
    case 35:
    case 36:
    case 37:
    case 38:
    case 39:
    case 40:
    case 41:
      return MetricScope.Route;
    case 2:
    case 3:
    case 4:
      return MetricScope.Arm;
    case 5:
      return MetricScope.Verdict;
    case 6:
    case 7:
      return MetricScope.Limit;
    case 1:
    case 8:
      return MetricScope.Proxy;
    case 9:
    case 10:
      return MetricScope.Cause;
    case 11:
    case 12:
    case 13:
    case 14:
      return MetricScope.Worker;
    case 15:
    case 23:
    case 24:
    case 25:
    case 26:
    case 30:
    case 31:
      return MetricScope.RouteWorker;
    case 32:
      return MetricScope.LayerWorker;
    case 33:
      return MetricScope.Layer;
    default:
      return MetricScope.ArmWorker;
  }
}

/** One sentence for the reference table. */
export function metricHelp(metric: i32): string {
  switch (metric) {
    case 0:
      return "Requests that matched the route.";
    case 1:
      return "Requests that matched no route and passed untouched.";
    case 2:
      return "Requests sent to the arm.";
    case 3:
      return "Requests to the arm that failed (5xx, reset, timeout).";
    case 4:
      return "Requests to the arm that ended before a measurement meant anything.";
    case 5:
      return "Verdicts other than allow, enforced or only computed (shadow).";
    case 6:
      return "Requests for which the limit's bucket was empty.";
    case 7:
      return "Requests for which the limit's bucket had a token.";
    case 8:
      return "Copies of Ganglion's headers removed from client requests.";
    case 9:
      return "Internal events that made the filter do less than it should; the request passed.";
    case 10:
      return "Configurations seen: accepted, refused, stale.";
    case 11:
      return "1 while the newest configuration delivered was refused.";
    case 12:
      return "Epoch of the configuration in force.";
    case 13:
      return "Monotonic seconds at the worker's last tick; a value that stands still is a dead filter.";
    case 14:
      return "Version of the model in force, 0 without one.";
    case 15:
      return "Anomaly score of the route's last request.";
    case 16:
      return "Latency estimate that the arm choice uses (peak-sensitive EWMA).";
    case 17:
      return "Median time to last byte of the arm.";
    case 18:
      return "95th percentile of the arm's time to last byte.";
    case 19:
      return "99th percentile of the arm's time to last byte.";
    case 20:
      return "Error EWMA of the arm.";
    case 21:
      return "Requests in flight to the arm.";
    case 22:
      return "1 while the arm is ejected.";
    case 23:
      return "Median time to last byte of the route.";
    case 24:
      return "95th percentile of the route's time to last byte.";
    case 25:
      return "99th percentile of the route's time to last byte.";
    case 26:
      return "Time to first byte of the route (EWMA).";
    case 27:
      return "Requests whose score was over the threshold.";
    case 28:
      return "Time to first byte of the arm (EWMA).";
    case 29:
      return "Incidents of the route that began.";
    case 30:
      return "1 while an incident of the route is open; its threshold does not adapt meanwhile.";
    case 31:
      return "Evidence from which a request of the route is an anomaly; 3000 is one in a thousand.";
    case 32:
      return "Largest evidence of the layer in the route's last window; 1000 millibans are a factor of ten.";
    case 33:
      return "Windows of the route in which the layer alone reached the threshold, acting or observed.";
    case 34:
      return "Answers that came from the canary of the route.";
    case 35:
      return "Answers 5xx that came from the canary: failures, resets, timeouts.";
    case 36:
      return "1 from the moment the canary is found bad until another revision of it is configured.";
    case 37:
      return "Answers of a route with a canary that did not come from the canary.";
    case 38:
      return "Answers 5xx among them.";
    case 39:
      return "When the canary was found bad, seconds since 1970; 0 while it is not.";
    case 40:
      return "Answers of the canary that had been weighed when it was found bad, in the whole proxy.";
    default:
      return "Answers 5xx among these.";
  }
}
