// What the filter thinks of requests: verdicts, scores and what the scorer's layers say.

import { Metric } from "../../contract";
import type { Panel, Row } from "../panel";
import { maxBy, rateBy, routeMetric, shareOf } from "../variables";

/** The selector of a metric of the chosen routes. */
type Of = (metric: Metric) => string;

export function verdictsRow(namespace: string): Row {
  const of = (metric: Metric): string => routeMetric(metric, namespace);
  return {
    title: "Verdicts",
    panels: [...verdicts(of), ...scores(of)],
  };
}

function verdicts(of: Of): Panel[] {
  const requests = rateBy(["route"], of(Metric.RequestsTotal));
  const anomalies = rateBy(["route"], of(Metric.AnomaliesTotal));
  return [
    {
      title: "Requests by route",
      description: "Requests per second that matched the route.",
      kind: "timeseries",
      unit: "reqps",
      width: 8,
      queries: [{ expr: requests, legend: "{{route}}" }],
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
      queries: [{ expr: shareOf(anomalies, requests), legend: "{{route}}" }],
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
