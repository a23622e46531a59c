// Whether what the policy asks for has ever come to act: counters of a service's clusters since the proxy
// began, and why one is not there.

import type { OutboundCluster, ProxyState } from "./proxy-state";
import { isPublished } from "./published";

const COUNTERS = {
  ejections: ["outlier_detection.ejections_enforced_total"],
  overflows: ["upstream_cx_overflow", "upstream_rq_pending_overflow"],
  retries: ["upstream_rq_retry"],
  retry_overflows: ["upstream_rq_retry_overflow"],
  timeouts: ["upstream_rq_timeout"],
  try_timeouts: ["upstream_rq_per_try_timeout"],
} as const;
type Counter = keyof typeof COUNTERS;

/** `null` where there is no such counter; `missing` says why. */
export interface Acted {
  readonly counts: Readonly<Record<Counter, number | null>>;
  readonly missing: ReadonlyMap<Counter, Missing>;
}
/** Of a counter that is not there. */
export type Missing = "not published" | "no call yet" | "no outlier detection";

/** Undefined for a host that the proxy has no cluster of. */
export function actedOf(host: string, state: ProxyState): Acted | undefined {
  const own = state.clusters.filter((cluster) => cluster.host === host);
  if (own.length === 0) return undefined;
  const counts = new Map<Counter, number | null>();
  const missing = new Map<Counter, Missing>();
  for (const counter of Object.keys(COUNTERS) as Counter[]) {
    const values = own.flatMap(({ name }) =>
      COUNTERS[counter].flatMap((one) => valueOf(state.counters, name, one) ?? []),
    );
    const isThere = values.length > 0;
    counts.set(counter, isThere ? values.reduce((total, value) => total + value, 0) : null);
    if (!isThere) missing.set(counter, reasonOf(counter, own, state));
  }
  return { counts: Object.fromEntries(counts) as Acted["counts"], missing };
}

function reasonOf(
  counter: Counter,
  own: readonly OutboundCluster[],
  { statsConfig }: ProxyState,
): Missing {
  const names = own.flatMap(({ name }) =>
    COUNTERS[counter].map((one) => `cluster.${name};.${one}`),
  );
  if (counter === "ejections" && own.every(({ config }) => !("outlier_detection" in config))) {
    return "no outlier detection";
  }
  return names.some((name) => isPublished(statsConfig, name)) ? "no call yet" : "not published";
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
