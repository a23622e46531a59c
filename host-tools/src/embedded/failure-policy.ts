// What a trap does to requests. Envoy has three policies and a legacy boolean, and the boolean is
// the only form that spares the requests in flight: the check in mid-stream reads nothing else.

import type { Prng } from "../lib/prng";

export type FailurePolicy = "FAIL_CLOSED" | "FAIL_OPEN" | "FAIL_RELOAD" | "legacy_fail_open";

const DEFAULT_BACKOFF_MS = 1_000;

/** New requests pass without the filter when its VM is dead. */
export function opensNewStreams(policy: FailurePolicy): boolean {
  return policy === "FAIL_OPEN" || policy === "legacy_fail_open";
}

/** Requests in flight pass without the filter when its VM dies. */
export function sparesLiveStreams(policy: FailurePolicy): boolean {
  return policy === "legacy_fail_open";
}

/** The wait before the next reload, drawn afresh at every request: base to 1.5 times base. */
export function reloadBackoffMs(prng: Prng, baseMs = DEFAULT_BACKOFF_MS): number {
  return baseMs + prng.below(Math.max(Math.floor(baseMs / 2), 1));
}
