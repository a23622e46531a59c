// The arithmetic of timeouts: how long a request with its retries may take in Envoy, and whether
// that fits into what the caller waits. Milliseconds throughout; pure.

/** Envoy's base interval between tries where none is set. */
export const BACKOFF_BASE_MS = 25;
/** Envoy's longest interval, in multiples of the base. */
const BACKOFF_MULTIPLE_MAX = 10;

/**
 * The longest that Envoy waits between all tries together: before retry n a random time, in whole
 * milliseconds, below base * 2^(n - 1), and below ten times the base from the fifth on (Envoy,
 * backoff_strategy.cc; its documentation still has the wider bounds of older versions).
 *
 * @param retries tries after the first
 * @param baseMs base interval
 */
export function backoffMsMax(retries: number, baseMs = BACKOFF_BASE_MS): number {
  let sum = 0;
  for (let retry = 1; retry <= retries; retry++) {
    sum += Math.min(baseMs * 2 ** (retry - 1), baseMs * BACKOFF_MULTIPLE_MAX) - 1;
  }
  return sum;
}

export interface TryPlan {
  /** Tries after the first. */
  readonly retries: number;
  readonly perTryMs: number;
  readonly backoffBaseMs?: number | undefined;
}

/** The longest that all tries and the waits between them take. */
export function triesMsMax({ retries, perTryMs, backoffBaseMs }: TryPlan): number {
  return (retries + 1) * perTryMs + backoffMsMax(retries, backoffBaseMs);
}

export interface TriesOverTimeout {
  /** What all tries take at most. */
  readonly neededMs: number;
  readonly tries: number;
  readonly backoffMs: number;
  /** The longest try that would fit; 0 where none does. */
  readonly perTryMsMax: number;
  /** Tries that do fit with their waits. */
  readonly triesFit: number;
}

/** What does not fit into the timeout; undefined where all does, or where there is no timeout. */
export function triesOverTimeout(plan: TryPlan, timeoutMs: number): TriesOverTimeout | undefined {
  const neededMs = triesMsMax(plan);
  if (timeoutMs === 0 || neededMs <= timeoutMs) return undefined;
  const tries = plan.retries + 1;
  const backoffMs = backoffMsMax(plan.retries, plan.backoffBaseMs);
  return {
    neededMs,
    tries,
    backoffMs,
    perTryMsMax: Math.max(0, Math.floor((timeoutMs - backoffMs) / tries)),
    triesFit: triesThatFit(plan, timeoutMs),
  };
}

function triesThatFit(plan: TryPlan, timeoutMs: number): number {
  let tries = 0;
  while (tries <= plan.retries && triesMsMax({ ...plan, retries: tries }) <= timeoutMs) tries++;
  return tries;
}

/**
 * The longest of some timeouts; undefined where one of them is none (0 or unset), which outlives
 * every other.
 */
export function longestMs(timeoutsMs: readonly (number | undefined)[]): number | undefined {
  if (timeoutsMs.length === 0 || timeoutsMs.some((one) => one === undefined || one === 0)) {
    return undefined;
  }
  return Math.max(...(timeoutsMs as number[]));
}

/** One call that an answer waits for. */
export interface CallBudget {
  /** As messages call it. */
  readonly name: string;
  /** The longest that it may take; undefined where nothing bounds it. */
  readonly ms: number | undefined;
}
/** Calls that are made at once; the next step begins when the last of them has ended. */
export type CallStep = readonly CallBudget[];

export interface SequenceBudget {
  /** What all steps take at most, calls without a bound left out. */
  readonly neededMs: number;
  /** When each step begins at the latest. */
  readonly startsMs: readonly number[];
}

/** Steps one after another: their times add up, and within a step the longest call counts. */
export function sequenceBudget(steps: readonly CallStep[]): SequenceBudget {
  const startsMs: number[] = [];
  let neededMs = 0;
  for (const step of steps) {
    startsMs.push(neededMs);
    neededMs += stepMs(step);
  }
  return { neededMs, startsMs };
}

/** Of a sequence that needs more than it is given: the step that is cut short, and what it has left. */
export function cutStep(
  steps: readonly CallStep[],
  startsMs: readonly number[],
  givenMs: number,
): { readonly names: string; readonly leftMs: number } {
  const cut = startsMs.findLastIndex((startMs) => startMs <= givenMs);
  const names = (steps[cut] ?? []).map(({ name }) => name).join(" and ");
  return { names, leftMs: givenMs - (startsMs[cut] ?? 0) };
}

function stepMs(step: CallStep): number {
  return Math.max(0, ...step.map(({ ms }) => ms ?? 0));
}

/** `intent 50 + max(retrieval 200, history 100) + llm 30000`; calls without a bound are left out. */
export function sequenceSum(steps: readonly CallStep[], shown: (ms: number) => string): string {
  const sums = steps.map((step) => {
    const calls = step.flatMap(({ name, ms }) => (ms === undefined ? [] : `${name} ${shown(ms)}`));
    return calls.length > 1 ? `max(${calls.join(", ")})` : calls.join();
  });
  return sums.filter(Boolean).join(" + ");
}
