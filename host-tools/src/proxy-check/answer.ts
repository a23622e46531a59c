// The answer to one item of a policy: what it says, and what the proxy has.

/** `absent`: nothing of it concerns this proxy, so there is neither a yes nor a no. */
export type Verdict = "yes" | "no" | "absent";

export interface Answer {
  /** Name of a service or provider; `proxy` for what concerns all of them. */
  readonly group: string;
  /** The policy's own words where it has them, e.g. `pool.connections_max`. */
  readonly item: string;
  readonly verdict: Verdict;
  readonly said: string;
  readonly found: string;
}

/** Group of what belongs to the proxy itself. */
export const PROXY_GROUP = "proxy";

export function answer(
  group: string,
  item: string,
  verdict: Verdict,
  said: string,
  found: string,
): Answer {
  return { group, item, verdict, said, found };
}
