// What a proxy says of a canary that its filter has taken out: where, when, and on which answers.

import { Metric, metricName } from "../contract";

export interface GuardKill {
  readonly proxy: string;
  readonly route: string;
  /** On the proxy's clock; undefined where it does not say. */
  readonly atMs: number | undefined;
  /** What had been weighed then, in the whole proxy. */
  readonly evidence: { readonly answers: number; readonly errors: number } | undefined;
}

/** Names of the metrics that tell of a kill. */
export const KILL_METRICS = [
  Metric.CanaryKilled,
  Metric.CanaryKillTimeSeconds,
  Metric.CanaryKillAnswers,
  Metric.CanaryKillErrors,
].map(metricName);

/**
 * The kill that a proxy's metrics of one route tell of.
 *
 * @param of values by name
 * @returns undefined while the canary is not taken out
 */
export function guardKill(
  proxy: string,
  route: string,
  of: ReadonlyMap<string, number>,
): GuardKill | undefined {
  const value = (metric: Metric): number => of.get(metricName(metric)) ?? 0;
  if (!(value(Metric.CanaryKilled) > 0)) return undefined;
  const atS = value(Metric.CanaryKillTimeSeconds);
  const answers = value(Metric.CanaryKillAnswers);
  return {
    proxy,
    route,
    // The filter says 1 where its host would not tell the time.
    atMs: atS > 1 ? atS * 1000 : undefined,
    evidence: answers > 0 ? { answers, errors: value(Metric.CanaryKillErrors) } : undefined,
  };
}

/** `10.0.0.7 (route chat, 12 errors in 30 answers)`. */
export function killText({ proxy, route, evidence }: GuardKill): string {
  const on =
    evidence === undefined ? "" : `, ${evidence.errors} errors in ${evidence.answers} answers`;
  return `${proxy} (route ${route}${on})`;
}
