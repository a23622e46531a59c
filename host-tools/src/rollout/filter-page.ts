// What the guard's counters say on a proxy's Prometheus page. The label stands in the name where the
// mesh has no extraStatTags (`route___chat___ganglion_canary_requests_total`), with every character
// that Prometheus does not take replaced by `_`; both forms are read.

import { Metric, metricName } from "../contract";
import { parseSample } from "../weights/metrics-page";
import type { ArmCounts } from "./arm-counts";

export interface GuardCounts {
  readonly stable: ArmCounts;
  readonly canary: ArmCounts;
  /** All of the guard's metrics, by name. */
  readonly values: ReadonlyMap<string, number>;
}

/**
 * The guard's counts of some routes, by route; a route without a guard has none.
 *
 * @param page in Prometheus' text format
 * @param routes names as in the policy
 */
export function guardCounts(page: string, routes: readonly string[]): Map<string, GuardCounts> {
  const values = new Map<string, Map<string, number>>();
  for (const line of page.split("\n")) {
    const sample = parseSample(line);
    const route = routes.find((name) => isRoute(name, sample?.labels["route"]));
    if (sample === undefined || route === undefined) continue;
    const of = values.get(route) ?? new Map<string, number>();
    of.set(sample.name, (of.get(sample.name) ?? 0) + sample.value);
    values.set(route, of);
  }
  const found = new Map<string, GuardCounts>();
  for (const [route, of] of values) {
    const counts = countsOf(of);
    if (counts !== undefined) found.set(route, counts);
  }
  return found;
}

/** Metrics appear in a proxy with their first count; a missing one is 0 beside one that is there. */
function countsOf(of: ReadonlyMap<string, number>): GuardCounts | undefined {
  const value = (metric: Metric): number => of.get(metricName(metric)) ?? 0;
  const names = [
    Metric.CanaryRequestsTotal,
    Metric.CanaryErrorsTotal,
    Metric.CanaryKilled,
    Metric.StableRequestsTotal,
    Metric.StableErrorsTotal,
  ];
  if (!names.some((metric) => of.has(metricName(metric)))) return undefined;
  return {
    canary: {
      requests: value(Metric.CanaryRequestsTotal),
      errors: value(Metric.CanaryErrorsTotal),
    },
    stable: {
      requests: value(Metric.StableRequestsTotal),
      errors: value(Metric.StableErrorsTotal),
    },
    values: of,
  };
}

/** True for the label of a route, also where it stood in a metric's name. */
export function isRoute(name: string, label: string | undefined): boolean {
  return name === label || name.replace(/[^A-Za-z0-9_]/g, "_") === label;
}
