// What a policy says of what is recorded: traces and their tags, access logs, and the rules by
// which Prometheus alerts.

import { type Format, HEADER_NAME } from "./shape/format";
import {
  durationMs,
  either,
  flag,
  labels,
  map,
  percent,
  record,
  type Refuse,
  text,
  type ValueOf,
  whole,
} from "./shape/shape";

const TAG_NAME: Format = {
  pattern: /^[a-z0-9]([-a-z0-9_.]{0,62}[a-z0-9])?$/,
  says: "is no tag's name: lower-case letters, digits, '.', '_', '-'",
};
const URL_FORM: Format = {
  pattern: /^https?:\/\/[^\s"]{1,500}$/,
  says: "is no address, e.g. http://prometheus.monitoring:9090",
};
/** Headers that carry what a user wrote or a secret; a trace is read by many. */
const PRIVATE_HEADER =
  /prompt|completion|message|authorization|cookie|api-?key|token|secret|password/;

const tagShape = either("Where the tag's value comes from.", {
  scalar: text("The value itself."),
  map: record("A request header.", {
    header: text("Its name.", { required: true, format: HEADER_NAME }),
    default: text("Value of requests without the header.", { otherwise: "no tag" }),
  }),
});
export type TraceTag = ValueOf<typeof tagShape>;

const tracingShape = record(
  "Traces of the namespace's proxies.",
  {
    provider: text("Name of the provider in the mesh's extensionProviders.", { required: true }),
    sampling_percent: percent("Share of requests that are traced, decided at their start.", {
      default: 10,
    }),
    tags: map("Tags of each span, by name; never a prompt or a secret.", tagShape, {
      keys: TAG_NAME,
      otherwise: "none",
    }),
    tail: record(
      "Keep every trace with an error: proxies trace everything, a collector decides at the end.",
      {
        keep_percent: percent("Share of traces without error that the collector keeps.", {
          default: 10,
        }),
        wait_ms: durationMs("How long the collector waits for a trace to be whole.", {
          default: 10_000,
        }),
        traces_max: whole("Traces that the collector holds meanwhile.", {
          low: 100,
          high: 10_000_000,
          default: 50_000,
          unit: "traces",
        }),
        slow_ms: durationMs("Traces that took longer are kept as well.", { otherwise: "none" }),
      },
    ),
    collector: record("Where traces go, for the installation's extensionProviders.", {
      host: text("OpenTelemetry collector, fully qualified.", { required: true }),
      port: whole("Its gRPC port.", { low: 1, high: 65535, default: 4317 }),
    }),
  },
  { check: checkTags },
);
export type Tracing = ValueOf<typeof tracingShape>;

function checkTags(
  { tags }: { readonly tags?: ReadonlyMap<string, TraceTag> | undefined },
  refuse: Refuse,
): void {
  for (const [name, tag] of tags ?? []) {
    const header = typeof tag === "string" ? undefined : tag.header;
    if (!PRIVATE_HEADER.test(name) && !PRIVATE_HEADER.test(header ?? "")) continue;
    refuse(`tag ${name} would put a prompt or a secret into traces`, "tags");
  }
}

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
      format: URL_FORM,
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
