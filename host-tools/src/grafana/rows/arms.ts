// What the filter chooses from: traffic, and the measurements by which it chooses.

import { Metric } from "../../contract";
import type { Panel, Row } from "../panel";
import { maxBy, rateBy, routeMetric, shareOf } from "../variables";

const ARM = ["route", "arm"] as const;
const LEGEND = "{{route}} {{arm}}";

/** The selector of a metric of the chosen routes. */
type Of = (metric: Metric) => string;

export function armsRow(namespace: string): Row {
  const of = (metric: Metric): string => routeMetric(metric, namespace);
  return {
    title: "Arms",
    panels: [...choices(of), ...measurements(of)],
  };
}

function choices(of: Of): Panel[] {
  const requests = rateBy(ARM, of(Metric.ArmRequestsTotal));
  const failures = rateBy(ARM, of(Metric.ArmFailuresTotal));
  return [
    {
      title: "Requests by arm",
      description: "Requests per second that the filter sent to each arm.",
      kind: "timeseries",
      unit: "reqps",
      width: 8,
      queries: [{ expr: requests, legend: LEGEND }],
    },
    {
      title: "Failures by arm",
      description: "Share of the arm's requests that failed: 5xx, reset, timeout.",
      kind: "timeseries",
      unit: "percentunit",
      width: 8,
      queries: [{ expr: shareOf(failures, requests), legend: LEGEND }],
    },
    {
      title: "Ejected arms",
      description: "Arms that get no traffic for their errors.",
      kind: "state-timeline",
      unit: "short",
      width: 8,
      steps: [{ from: 1, color: "red" }],
      queries: [{ expr: maxBy(ARM, of(Metric.ArmEjected)), legend: LEGEND }],
    },
  ];
}

function measurements(of: Of): Panel[] {
  return [
    {
      title: "Latency that decides",
      description: "The estimate by which arms are chosen; it follows a slow answer at once.",
      kind: "timeseries",
      unit: "\u00b5s",
      width: 6,
      isLogarithmic: true,
      queries: [{ expr: maxBy(ARM, of(Metric.ArmLatencyMicroseconds)), legend: LEGEND }],
    },
    {
      title: "Time to last byte, 99th percentile",
      description: "Of the worker that sees the slowest.",
      kind: "timeseries",
      unit: "\u00b5s",
      width: 6,
      isLogarithmic: true,
      queries: [{ expr: maxBy(ARM, of(Metric.ArmP99Microseconds)), legend: LEGEND }],
    },
    {
      title: "Time to first byte",
      description: "What a reader of a streamed answer waits for; average of the slowest worker.",
      kind: "timeseries",
      unit: "\u00b5s",
      width: 6,
      isLogarithmic: true,
      queries: [{ expr: maxBy(ARM, of(Metric.ArmTtfbMicroseconds)), legend: LEGEND }],
    },
    {
      title: "Requests in flight",
      description: "Sent to the arm and not answered yet, over all workers.",
      kind: "timeseries",
      unit: "short",
      width: 6,
      queries: [{ expr: `sum by (route, arm) (${of(Metric.ArmInFlight)})`, legend: LEGEND }],
    },
  ];
}
