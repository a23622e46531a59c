// A canary against its stable arm, as the filter's guard counts them in the proxy.

import { Metric, metricName } from "../../contract";
import type { Row } from "../panel";
import { maxBy, rateBy, routeMetric } from "../variables";

export function canaryRow(namespace: string): Row {
  const of = (metric: Metric): string => routeMetric(metricName(metric), namespace);
  const rate = (metric: Metric): string => rateBy(["route"], of(metric));
  return {
    title: "Canary",
    panels: [
      {
        title: "Share of the canary",
        description: "Of the route's answers. 0 after a kill.",
        kind: "timeseries",
        unit: "percentunit",
        width: 8,
        queries: [
          {
            expr:
              `${rate(Metric.CanaryRequestsTotal)} / ` +
              `(${rate(Metric.CanaryRequestsTotal)} + ${rate(Metric.StableRequestsTotal)} > 0)`,
            legend: "{{route}}",
          },
        ],
      },
      {
        title: "Errors of canary and stable arm",
        description: "Share of answers 5xx; the two lines should be one.",
        kind: "timeseries",
        unit: "percentunit",
        width: 8,
        queries: [
          {
            expr: `${rate(Metric.CanaryErrorsTotal)} / (${rate(Metric.CanaryRequestsTotal)} > 0)`,
            legend: "{{route}} canary",
          },
          {
            expr: `${rate(Metric.StableErrorsTotal)} / (${rate(Metric.StableRequestsTotal)} > 0)`,
            legend: "{{route}} stable",
          },
        ],
      },
      {
        title: "Canary killed",
        description: "A proxy has found the canary bad and sends it nothing.",
        kind: "state-timeline",
        unit: "short",
        width: 8,
        steps: [{ from: 1, color: "red" }],
        queries: [
          {
            expr: maxBy(["route", "pod"], of(Metric.CanaryKilled)),
            legend: "{{route}} {{pod}}",
          },
        ],
      },
    ],
  };
}
