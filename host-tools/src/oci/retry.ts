// Bounded retries with full jitter. Without a bound a registry that is down holds a pipeline for
// ever; with neither jitter nor respect for Retry-After, a fleet of pipelines keeps it down. Clock
// and randomness are arguments, so a test of ten retries takes no time and always the same one.
//
//   wait before try n+1 = [Retry-After +] uniform in [0, min(BACKOFF_MAX_MS, BACKOFF_BASE_MS 2^n)]

import type { Prng } from "../lib/prng";

const BACKOFF_BASE_MS = 250;
const BACKOFF_MAX_MS = 8_000;
/** A registry that asks for longer than this is not going to be waited for. */
export const RETRY_AFTER_MAX_MS = 60_000;
export const TRIES_MAX = 5;

export interface RetryClock {
  /** Wall clock: Retry-After may be a date. */
  nowMs(): number;
  sleep(durationMs: number): Promise<void>;
}

export const systemRetryClock: RetryClock = {
  nowMs: () => Date.now(),
  sleep: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
};

/** What one try came to: a value, or a reason to try again. */
export type Attempt<T> =
  | { readonly done: true; readonly value: T }
  | {
      readonly done: false;
      /** What to throw if no try is left. */
      readonly error: Error;
      /** The answer's Retry-After header. */
      readonly retryAfter?: string | undefined;
    };

/**
 * Runs an attempt up to TRIES_MAX times; what it throws ends the loop at once.
 *
 * @returns the first value; throws the last attempt's error when the tries, or the patience for
 *   Retry-After, are used up
 */
export async function retrying<T>(
  attempt: (tryIndex: number) => Promise<Attempt<T>>,
  clock: RetryClock,
  prng: Prng,
): Promise<T> {
  for (let tryIndex = 0; ; tryIndex++) {
    const result = await attempt(tryIndex);
    if (result.done) return result.value;
    if (tryIndex + 1 >= TRIES_MAX) throw result.error;
    const askedMs = retryAfterMs(result.retryAfter, clock.nowMs());
    if (askedMs !== undefined && askedMs > RETRY_AFTER_MAX_MS) throw result.error;
    const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** tryIndex);
    const jitteredMs = Math.floor(prng.uniform() * ceilingMs);
    // Never earlier than asked, and not all at the same instant after it either.
    await clock.sleep(askedMs === undefined ? jitteredMs : askedMs + jitteredMs);
  }
}

/** Retry-After, in seconds or as a date, as a wait from now; undefined if absent or unreadable. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^[0-9]+$/.test(text)) return Number(text) * 1000;
  const dateMs = Date.parse(text);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
