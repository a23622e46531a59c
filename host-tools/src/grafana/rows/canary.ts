// A canary against its stable arm, as the filter's guard counts them in the proxy.

import { Metric } from "../../contract";
import type { Row } from "../panel";
import { maxBy, rateBy, routeMetric, shareOf } from "../variables";

export function canaryRow(namespace: string): Row {
  const of = (metric: Metric): string => routeMetric(metric, namespace);
  const rate = (metric: Metric): string => rateBy(["route"], of(metric));
  const canary = rate(Metric.CanaryRequestsTotal);
  const stable = rate(Metric.StableRequestsTotal);
  return {
    title: "Canary",
    panels: [
      {
        title: "Share of the canary",
        description: "Of the route's answers. 0 after a kill.",
        kind: "timeseries",
        unit: "percentunit",
        width: 8,
        queries: [{ expr: shareOf(canary, `${canary} + ${stable}`), legend: "{{route}}" }],
      },
      {
        title: "Errors of canary and stable arm",
        description: "Share of answers 5xx; the two lines should be one.",
        kind: "timeseries",
        unit: "percentunit",
        width: 8,
        queries: [
          {
            expr: shareOf(rate(Metric.CanaryErrorsTotal), canary),
            legend: "{{route}} canary",
          },
          {
            expr: shareOf(rate(Metric.StableErrorsTotal), stable),
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
