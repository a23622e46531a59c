// Names that a dashboard's expressions have for what its reader chooses. Grafana puts an alternation of
// the chosen values there, so a label is compared with `=~`.

import { type Metric, metricName } from "../contract";

/** Fully qualified hosts. */
export const CHOSEN_SERVICE = "$service";
/** Names of routes of the policy. */
export const CHOSEN_ROUTE = "$route";
/** At least four scrapes, more where a pixel stands for more. */
export const WINDOW = "$__rate_interval";
/** All that the dashboard shows. */
export const WHOLE_RANGE = "$__range";

/** A metric of ours of the policy's namespace and the chosen routes. */
export function routeMetric(metric: Metric, namespace: string): string {
  return `${metricName(metric)}{namespace="${namespace}",route=~"${CHOSEN_ROUTE}"}`;
}

/** A metric of ours of the policy's namespace, for what belongs to no route. */
export function proxyMetric(metric: Metric, namespace: string): string {
  return `${metricName(metric)}{namespace="${namespace}"}`;
}

export function rateBy(labels: readonly string[], selector: string): string {
  return `sum by (${labels.join(", ")}) (rate(${selector}[${WINDOW}]))`;
}

export function maxBy(labels: readonly string[], selector: string): string {
  return `max by (${labels.join(", ")}) (${selector})`;
}

/** Nothing where there was nothing to have a share of. */
export function shareOf(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`;
}
