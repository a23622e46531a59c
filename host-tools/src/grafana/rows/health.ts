// Whether the filter itself works, and with which configuration and model.

import { Metric } from "../../contract";
import type { Panel, Row } from "../panel";
import { maxBy, proxyMetric, rateBy } from "../variables";

/** The selector of a metric of the policy's proxies. */
type Of = (metric: Metric) => string;

export function healthRow(namespace: string): Row {
  const of = (metric: Metric): string => proxyMetric(metric, namespace);
  return {
    title: "Filter",
    panels: [...configurations(of), ...faults(of)],
  };
}

function configurations(of: Of): Panel[] {
  const epoch = of(Metric.ConfigEpoch);
  return [
    {
      title: "Epochs in force",
      description: "Of each proxy; they differ for as long as a push takes.",
      kind: "timeseries",
      unit: "short",
      width: 8,
      queries: [{ expr: maxBy(["pod"], epoch), legend: "{{pod}}" }],
    },
    {
      title: "Proxies by epoch",
      description: "One bar once everybody runs the same configuration.",
      kind: "bargauge",
      unit: "short",
      width: 8,
      queries: [
        { expr: `count_values("epoch", ${maxBy(["pod"], epoch)})`, legend: "epoch {{epoch}}" },
      ],
    },
    {
      title: "Model versions",
      description: "Of each proxy; 0 without a model.",
      kind: "timeseries",
      unit: "short",
      width: 8,
      queries: [{ expr: maxBy(["pod"], of(Metric.ModelVersion)), legend: "{{pod}}" }],
    },
  ];
}

function faults(of: Of): Panel[] {
  return [
    {
      title: "Refused configurations",
      description: "Proxies that refuse the newest configuration and keep the last.",
      kind: "stat",
      unit: "short",
      width: 6,
      steps: [{ from: 1, color: "red" }],
      queries: [{ expr: `sum(${maxBy(["pod"], of(Metric.ConfigError))})` }],
    },
    {
      title: "Silent workers",
      description: "Workers whose clock has stood still for two minutes: their VM is dead.",
      kind: "stat",
      unit: "short",
      width: 6,
      steps: [{ from: 1, color: "red" }],
      queries: [{ expr: `count(changes(${of(Metric.HeartbeatSeconds)}[2m]) == 0) or vector(0)` }],
    },
    {
      title: "Internal events",
      description: "What made the filter do less than it should, per second; requests passed.",
      kind: "timeseries",
      unit: "reqps",
      width: 12,
      queries: [{ expr: rateBy(["cause"], of(Metric.ErrorsTotal)), legend: "{{cause}}" }],
    },
  ];
}
