// How long a call can take and how often it can be made, by a route's own numbers.

import { trimmed } from "../source/duration";
import type { HttpRoute, Retries } from "./http-route";

/** Envoy caps the interval at ten times its base (router_filter: x-envoy-max-retries). */
const BACKOFF_CAP = 10;
/** More retries than these are summed no further. */
const RETRIES_MAX = 1000;

/**
 * Bound of all waits between tries, which are drawn below base, twice it, four times it, ... (Envoy's
 * backoff_strategy.cc; its documentation still tells the wider intervals of older versions).
 */
export function backoffMsMax({ attempts, backoffMs }: Retries): number {
  let total = 0;
  let next = backoffMs;
  for (let i = 0; i < Math.min(attempts, RETRIES_MAX); i++) {
    total += next;
    next = Math.min(next * 2, backoffMs * BACKOFF_CAP);
  }
  return total;
}

/**
 * Time until the last try has ended, if every one takes its whole time; undefined without a bound.
 * Waits are whole milliseconds below their bounds, so each is one less.
 */
export function triesMsMax(retries: Retries): number | undefined {
  if (retries.perTryMs === undefined) return undefined;
  const waits = backoffMsMax(retries) - Math.min(retries.attempts, RETRIES_MAX);
  return (retries.attempts + 1) * retries.perTryMs + waits;
}

/** Longest time until the caller of this route has an answer; undefined without a bound. */
export function worstMs(route: HttpRoute): number | undefined {
  const tries = route.retries === undefined ? undefined : triesMsMax(route.retries);
  if (route.timeoutMs === undefined) return tries;
  return tries === undefined ? route.timeoutMs : Math.min(route.timeoutMs, tries);
}

/** `3 tries x 20 s + back-off up to 0.075 s = 60.075 s`. */
export function triesSum(retries: Retries, perTryMs: number): string {
  const tries = retries.attempts + 1;
  const total = tries * perTryMs + backoffMsMax(retries);
  return (
    `${tries} tries x ${trimmed(perTryMs / 1000)} s + ` +
    `back-off up to ${trimmed(backoffMsMax(retries) / 1000)} s = ${trimmed(total / 1000)} s`
  );
}

/** Conditions under which the upstream has certainly not executed the request. */
const UNEXECUTED = new Set([
  "connect-failure",
  "refused-stream",
  "reset-before-request",
  "unavailable",
  "cancelled",
  "retriable-headers",
]);

/** Conditions that repeat a request which may have been executed. */
export function repeatingConditions(retries: Retries): string[] {
  if (retries.attempts <= 0) return [];
  return retries.conditions.filter((condition) => !UNEXECUTED.has(condition));
}
