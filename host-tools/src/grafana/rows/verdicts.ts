// What the filter thinks of requests: verdicts, scores and what the scorer's layers say.

import { Metric, metricName } from "../../contract";
import type { Panel, Row } from "../panel";
import { maxBy, rateBy, routeMetric } from "../variables";

/** The selector of a metric of the chosen routes. */
type Of = (metric: Metric, ...more: string[]) => string;

export function verdictsRow(namespace: string): Row {
  const of = (metric: Metric, ...more: string[]): string =>
    routeMetric(metricName(metric), namespace, ...more);
  return {
    title: "Verdicts",
    panels: [...verdicts(of), ...scores(of)],
  };
}

function verdicts(of: Of): Panel[] {
  return [
    {
      title: "Requests by route",
      description: "Requests per second that matched the route.",
      kind: "timeseries",
      unit: "reqps",
      width: 8,
      queries: [{ expr: rateBy(["route"], of(Metric.RequestsTotal)), legend: "{{route}}" }],
    },
    {
      title: "Verdicts",
      description: "Verdicts other than allow per second; enforced=false is shadow mode.",
      kind: "timeseries",
      unit: "reqps",
      width: 8,
      queries: [
        {
          expr: rateBy(["route", "verdict", "enforced"], of(Metric.VerdictsTotal)),
          legend: "{{route}} {{verdict}} enforced={{enforced}}",
        },
      ],
    },
    {
      title: "Share of anomalies",
      description: "Share of the route's requests whose score was over the threshold.",
      kind: "timeseries",
      unit: "percentunit",
      width: 8,
      queries: [
        {
          expr: `${rateBy(["route"], of(Metric.AnomaliesTotal))} / (${rateBy(["route"], of(Metric.RequestsTotal))} > 0)`,
          legend: "{{route}}",
        },
      ],
    },
  ];
}

function scores(of: Of): Panel[] {
  return [
    {
      title: "Score",
      description: "Anomaly score of the newest request, the worker's that saw the worst.",
      kind: "timeseries",
      unit: "percentunit",
      width: 8,
      max: 1,
      queries: [
        {
          expr: `${maxBy(["route"], of(Metric.ScorePermille))} / 1000`,
          legend: "{{route}}",
        },
      ],
    },
    {
      title: "Evidence of the layers",
      description:
        "Largest of the last window, and the threshold; 3 is one healthy request in a thousand.",
      kind: "timeseries",
      unit: "short",
      width: 8,
      queries: [
        {
          expr: `${maxBy(["route", "layer"], of(Metric.LayerEvidenceMillibans))} / 1000`,
          legend: "{{route}} {{layer}}",
        },
        {
          expr: `${maxBy(["route"], of(Metric.ThresholdMillibans))} / 1000`,
          legend: "{{route}} threshold",
        },
      ],
    },
    {
      title: "Incidents",
      description: "Open incidents: the route's requests look unlike any before.",
      kind: "state-timeline",
      unit: "short",
      width: 8,
      steps: [{ from: 1, color: "red" }],
      queries: [{ expr: maxBy(["route"], of(Metric.IncidentOpen)), legend: "{{route}}" }],
    },
  ];
}
