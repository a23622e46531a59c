// docs/reference/metrics.md and headers.md: every name that leaves the filter, from the contract.

import {
  CAUSES,
  causeName,
  CONFIG_OUTCOMES,
  configOutcomeName,
  HEADER_ARM,
  HEADER_LOCAL_RATE_LIMIT,
  HEADER_MODEL,
  HEADER_PREFIX,
  HEADER_REASON,
  HEADER_RETRY_AFTER,
  HEADER_SCORE,
  HEADER_VERDICT,
  metricHelp,
  MetricKind,
  metricKind,
  metricName,
  METRICS,
  metricScope,
  reasonName,
  REASONS,
  TICK_PERIOD_MS,
  verdictName,
  VERDICTS,
} from "../contract";
import { encodedMetric, METRIC_LABELS, metricLabels, statTags } from "../istio/stat-tags";
import { GENERATED, table } from "./markdown";

export function metricsPage(): string {
  const rows = range(METRICS).map((metric) => [
    `\`${metricName(metric)}\``,
    metricKind(metric) === MetricKind.Counter ? "counter" : "gauge",
    metricLabels(metricScope(metric)).join(", "),
    metricHelp(metric),
  ]);
  const example = encodedMetric("ganglion_arm_requests_total", { route: "chat", arm: "gpt-4o" });
  const tags = statTags().map(({ tagName, regex }) => [`\`${tagName}\``, `\`${regex}\``]);
  return `${[
    GENERATED,
    "# Metrics",
    `Written by each worker, most of them on its tick every ${TICK_PERIOD_MS} ms. Counters ` +
      `are exact over all ` +
      "workers of a proxy; gauges with the label `worker` are one worker's own view, because " +
      "the proxy keeps " +
      "the last value that anybody wrote.",
    table(["metric", "kind", "labels", "meaning"], rows),
    "## Values of labels",
    table(
      ["label", "values"],
      [
        ["verdict", list(VERDICTS, verdictName)],
        ["enforced", "`true`, `false`"],
        ["cause of `ganglion_errors_total`", list(CAUSES, causeName)],
        ["cause of `ganglion_configs_total`", list(CONFIG_OUTCOMES, configOutcomeName)],
      ],
    ),
    "## Labels in names",
    "Proxy-Wasm metrics have no labels, so the filter writes them into the name, in the way " +
      "of Istio's own " +
      `statistics: \`${example}\`. A proxy takes them out again when it is told to:`,
    `- Istio: \`extraStatTags: [${METRIC_LABELS.join(", ")}]\`, in ` +
      `\`meshConfig.defaultConfig\` or in the ` +
      "workload's annotation `proxy.istio.io/config`. `ganglion render -o DIR` writes it as " +
      "`beside/istio-values.yaml`.",
    "- Envoy: one expression per label under `stats_config.stats_tags`; `ganglion render " +
      "--target envoy` " +
      "writes them.",
    table(["tag", "expression"], tags),
    "Prometheus shows the metrics without Envoy's prefix `wasmcustom.`.",
  ].join("\n\n")}\n`;
}

export function headersPage(): string {
  const request = [
    [
      HEADER_ARM,
      "an arm other than the default was chosen",
      "the arm's name; a route matches on it",
    ],
    [HEADER_SCORE, "`expose`", "anomaly score, 0 to 1000"],
    [HEADER_VERDICT, "`expose`", list(VERDICTS, verdictName)],
    [HEADER_REASON, "`expose`", list(REASONS, reasonName)],
    [HEADER_MODEL, "`expose`", "version of the model that made the score"],
  ];
  const response = [
    [HEADER_RETRY_AFTER, "429 of a limit", "seconds until the bucket has a token again"],
    [HEADER_LOCAL_RATE_LIMIT, "429 of a limit", "`true`"],
  ];
  const code = (rows: readonly string[][]): string[][] =>
    rows.map(([name = "", ...rest]) => [`\`${name}\``, ...rest]);
  return `${[
    GENERATED,
    "# Headers",
    `Every request header that begins with \`${HEADER_PREFIX}\` is removed from what a client ` +
      `sent before ` +
      "anything reads it, and counted in `ganglion_stripped_headers_total`.",
    "## On the request, to the upstream",
    table(["header", "written when", "value"], code(request)),
    "`expose` in the [configuration](configuration.md#configuration) says when the last four " +
      "are written: " +
      "`tagged` (where the verdict is not allow), `always`, `never`. A header costs 3 to 5 us " +
      "in Envoy.",
    "## On the response, to the client",
    table(["header", "written on", "value"], code(response)),
  ].join("\n\n")}\n`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function list(count: number, name: (index: number) => string): string {
  return range(count)
    .map((index) => `\`${name(index)}\``)
    .join(", ");
}
