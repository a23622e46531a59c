// What a policy says of what is recorded: traces and their tags, access logs, and the rules by
// which Prometheus alerts.

import { tracingShape } from "./policy-tracing";
import { ADDRESS } from "./shape/format";
import {
  durationMs,
  flag,
  labels,
  percent,
  record,
  text,
  type ValueOf,
  whole,
} from "./shape/shape";

const accessLogShape = record("Which requests the proxies log.", {
  provider: text("Name of the provider in the mesh's extensionProviders.", { default: "envoy" }),
  filter: text("CEL expression over attributes; only requests for which it holds are logged.", {
    default: "response.code >= 400",
    example: '"response.code >= 500"',
  }),
});
export type AccessLog = ValueOf<typeof accessLogShape>;

const prometheusShape = record(
  "Rules, scraping and thresholds for a Prometheus, by its operator's objects.",
  {
    server: text("Address of Prometheus, for autoscalers and canary analysis.", {
      format: ADDRESS,
      default: "http://prometheus.istio-system:9090",
    }),
    labels: labels("Labels by which the operator finds rules and monitors.", {
      otherwise: "none",
      example: "{ release: prometheus }",
    }),
    scrape_interval_ms: durationMs("How often proxies are scraped.", {
      default: 15_000,
      low: 1000,
    }),
    rule_interval_ms: durationMs("How often rules are evaluated.", { default: 5000, low: 1000 }),
    merged: flag("Scrape port 15020, where Istio merges application and proxy.", {
      default: false,
    }),
  },
);
export type PrometheusFacts = ValueOf<typeof prometheusShape>;

/** Members of `mesh`. */
export const telemetryMeshFields = {
  tracing: tracingShape,
  access_log: accessLogShape,
  prometheus: prometheusShape,
};

const alertsShape = record("From when the service alerts.", {
  error_percent: percent("Share of requests that fail (5xx, as callers see it).", { default: 5 }),
  request_rate_min: whole("Requests per second below which a share means nothing.", {
    low: 0,
    high: 1_000_000,
    unit: "requests/s",
    default: 1,
  }),
  latency_p99_ms: durationMs("99th percentile of latency.", { otherwise: "no alert" }),
  limited_percent: percent("Share of requests that a limit refuses.", { default: 20 }),
  for_ms: durationMs("How long it has to hold.", { default: 60_000 }),
});
export type Alerts = ValueOf<typeof alertsShape>;

/** Members of a service. */
export const telemetryServiceFields = { alerts: alertsShape };
