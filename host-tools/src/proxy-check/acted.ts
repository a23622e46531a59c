// Whether what the policy asks for has ever come to act: counters of a service's clusters since the proxy
// began.

import type { ProxyState } from "./proxy-state";

const COUNTERS = {
  ejections: ["outlier_detection.ejections_enforced_total"],
  overflows: ["upstream_cx_overflow", "upstream_rq_pending_overflow"],
  retries: ["upstream_rq_retry"],
  retry_overflows: ["upstream_rq_retry_overflow"],
  timeouts: ["upstream_rq_timeout"],
  try_timeouts: ["upstream_rq_per_try_timeout"],
} as const;

/** Counts, `null` where the proxy does not publish the counter. */
export type Acted = Readonly<Record<keyof typeof COUNTERS, number | null>>;

/** Undefined for a host that the proxy has no cluster of. */
export function actedOf(host: string, { clusters, counters }: ProxyState): Acted | undefined {
  const own = clusters.filter((cluster) => cluster.host === host);
  if (own.length === 0) return undefined;
  const sum = (names: readonly string[]): number | null => {
    const values = own.flatMap(({ name }) =>
      names.flatMap((counter) => valueOf(counters, name, counter) ?? []),
    );
    return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
  };
  return Object.fromEntries(
    Object.entries(COUNTERS).map(([name, list]) => [name, sum(list)]),
  ) as unknown as Acted;
}

/** Istio's newer proxies close a cluster's name with `;`. */
function valueOf(
  counters: ReadonlyMap<string, number>,
  cluster: string,
  counter: string,
): number | undefined {
  return (
    counters.get(`cluster.${cluster};.${counter}`) ?? counters.get(`cluster.${cluster}.${counter}`)
  );
}
