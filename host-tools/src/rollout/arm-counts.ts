// What two arms did in a stretch of time: the only thing that verdicts are made of.

export interface ArmCounts {
  /** Answers that can be blamed on somebody: a client that left is none. */
  readonly requests: number;
  /** Of them 5xx, resets and timeouts; never the client's own 4xx. */
  readonly errors: number;
}

/** Both arms over the same time, so that what befalls both is seen in both. */
export interface Block {
  readonly stable: ArmCounts;
  readonly canary: ArmCounts;
}

export const NO_COUNTS: ArmCounts = { requests: 0, errors: 0 };
export const NO_BLOCK: Block = { stable: NO_COUNTS, canary: NO_COUNTS };

export function addCounts(a: ArmCounts, b: ArmCounts): ArmCounts {
  return { requests: a.requests + b.requests, errors: a.errors + b.errors };
}

export function addBlocks(a: Block, b: Block): Block {
  return { stable: addCounts(a.stable, b.stable), canary: addCounts(a.canary, b.canary) };
}

/** Whole, not negative, no more errors than requests; NaN is none of that. */
export function areCounts({ requests, errors }: ArmCounts): boolean {
  return Number.isSafeInteger(requests) && Number.isSafeInteger(errors) && sane(requests, errors);
}

const sane = (requests: number, errors: number): boolean => errors >= 0 && errors <= requests;

/** Percent of errors; undefined without requests, so that nobody compares a NaN. */
export function errorPercent({ requests, errors }: ArmCounts): number | undefined {
  return requests > 0 ? (100 * errors) / requests : undefined;
}
