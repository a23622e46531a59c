// The labels of our metrics. The ABI has none, so the filter writes them into the name, the way
// Istio's own extension does (`label=.=value;.;`), and the proxy has to be told to take them out
// again: Istio by extraStatTags, a plain Envoy by one expression per label.

import { MetricScope } from "../contract";

/** Labels of a metric of this scope, in the order in which they stand in the name. */
export function metricLabels(scope: MetricScope): readonly string[] {
  switch (scope) {
    case MetricScope.Proxy:
      return [];
    case MetricScope.Worker:
      return ["worker"];
    case MetricScope.Route:
      return ["route"];
    case MetricScope.Arm:
      return ["route", "arm"];
    case MetricScope.Limit:
      return ["route", "limit"];
    case MetricScope.Verdict:
      return ["route", "verdict", "enforced"];
    case MetricScope.RouteWorker:
      return ["route", "worker"];
    case MetricScope.ArmWorker:
      return ["route", "arm", "worker"];
    case MetricScope.Cause:
      return ["cause"];
    case MetricScope.Layer:
      return ["route", "layer"];
    case MetricScope.LayerWorker:
      return ["route", "layer", "worker"];
  }
}

/** Every label that any metric of ours carries. */
export const METRIC_LABELS = [
  "route",
  "arm",
  "limit",
  "verdict",
  "enforced",
  "worker",
  "cause",
  "layer",
] as const;

export interface StatTag {
  readonly tagName: string;
  /** The first group is cut out of the name, the second is the value. */
  readonly regex: string;
}

/** One expression per label, for a plain Envoy's `stats_config.stats_tags`. */
export function statTags(): StatTag[] {
  return METRIC_LABELS.map((label) => ({
    tagName: label,
    regex: `(${label}=\\.=(.*?);\\.;)`,
  }));
}

/** Values for Istio's installation that make every proxy take our labels out of the names. */
export function extraStatTagValues(): unknown {
  return { meshConfig: { defaultConfig: { extraStatTags: METRIC_LABELS } } };
}

/** A metric's name as the filter writes it, labels included, in the given order. */
export function encodedMetric(name: string, labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}=.=${value};.;`);
  return parts.join("") + name;
}
