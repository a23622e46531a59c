// Recorded series and alerts about the requests of one service.

import type { PolicyService } from "../config/policy";
import type { Alerts } from "../config/policy-telemetry";
import { interval, type Rule } from "./rule";
import { errorRate, errorShare, latencyP99, matcher, requestRate } from "./service-queries";

const WINDOW = "1m";
const DEFAULTS: Alerts = {
  error_percent: 5,
  request_rate_min: 1,
  latency_p99_ms: undefined,
  limited_percent: 20,
  for_ms: 60_000,
};

/** From when a service alerts, said or not. */
export function alertsOf({ alerts }: PolicyService): Alerts {
  return alerts ?? DEFAULTS;
}

/** Requests by version, latency, share of errors, and errors by caller. */
export function serviceRecords(hosts: readonly string[]): Rule[] {
  const service = ["destination_service"];
  const destination = { hosts, reporter: "destination" } as const;
  return [
    {
      record: "destination_version:istio_requests:rate1m",
      expr: requestRate(destination, [...service, "destination_version"], WINDOW),
    },
    {
      record: "destination_service:istio_request_duration_milliseconds:p99_1m",
      expr: latencyP99({ hosts }, service, WINDOW),
    },
    {
      record: "destination_service:istio_requests:rate1m",
      expr: requestRate({ hosts }, service, WINDOW),
    },
    {
      record: "destination_service:istio_requests_errors:share_rate1m",
      expr: errorShare({ hosts }, service, WINDOW),
    },
    {
      record: "source_workload:istio_requests_errors:rate1m",
      expr: errorRate({ hosts }, [...service, "source_workload"], WINDOW),
    },
  ];
}

export function serviceAlerts(service: PolicyService, namespace: string): Rule[] {
  const alerts = alertsOf(service);
  const { host, name } = service;
  const of = `{destination_service="${host}"}`;
  const slow = alerts.latency_p99_ms;
  const rule = (alert: string, severity: string, expr: string, summary: string): Rule => ({
    alert,
    expr,
    for: interval(alerts.for_ms),
    labels: { severity, service: name },
    annotations: { summary },
  });
  return [
    rule(
      "GanglionServiceErrors",
      "critical",
      `destination_service:istio_requests_errors:share_rate1m${of} > ${alerts.error_percent / 100} ` +
        `and destination_service:istio_requests:rate1m${of} >= ${alerts.request_rate_min}`,
      `More than ${alerts.error_percent} % of the requests to ${name} fail.`,
    ),
    ...(slow === undefined
      ? []
      : [
          rule(
            "GanglionServiceSlow",
            "warning",
            `destination_service:istio_request_duration_milliseconds:p99_1m${of} > ${slow}`,
            `One request in a hundred to ${name} takes longer than ${slow} ms.`,
          ),
        ]),
    rule(
      "GanglionRouteLimited",
      "info",
      limitedShare(service, namespace, alerts.limited_percent),
      `Limits refuse more than ${alerts.limited_percent} % of a route of ${name}.`,
    ),
  ];
}

function limitedShare({ routes }: PolicyService, namespace: string, percent: number): string {
  const labels = [
    `namespace="${namespace}"`,
    matcher(
      "route",
      routes.map(({ name }) => name),
    ),
  ].join(",");
  const rate = (metric: string) => `sum by (route, limit) (rate(${metric}{${labels}}[1m]))`;
  const limited = rate("ganglion_limited_total");
  return `${limited} / (${limited} + ${rate("ganglion_limit_admitted_total")}) > ${percent / 100}`;
}
