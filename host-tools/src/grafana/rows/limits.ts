// The filter's own limits: what they let through and what they refuse.

import { Metric } from "../../contract";
import type { Row } from "../panel";
import { rateBy, routeMetric, shareOf } from "../variables";

const LIMIT = ["route", "limit"] as const;
const LEGEND = "{{route}} {{limit}}";

export function limitsRow(namespace: string): Row {
  const of = (metric: Metric): string => rateBy(LIMIT, routeMetric(metric, namespace));
  const refused = of(Metric.LimitedTotal);
  const admitted = of(Metric.LimitAdmittedTotal);
  return {
    title: "Limits",
    panels: [
      {
        title: "Admitted by limit",
        description: "Requests per second for which the bucket had a token.",
        kind: "timeseries",
        unit: "reqps",
        width: 8,
        queries: [{ expr: admitted, legend: LEGEND }],
      },
      {
        title: "Refused by limit",
        description: "Requests per second for which the bucket was empty, in shadow mode too.",
        kind: "timeseries",
        unit: "reqps",
        width: 8,
        queries: [{ expr: refused, legend: LEGEND }],
      },
      {
        title: "Share refused",
        description: "Of the requests that the limit saw.",
        kind: "timeseries",
        unit: "percentunit",
        width: 8,
        queries: [{ expr: shareOf(refused, `${refused} + ${admitted}`), legend: LEGEND }],
      },
    ],
  };
}
