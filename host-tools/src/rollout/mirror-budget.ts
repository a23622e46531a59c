// How much may be copied to the canary: a copied request to a paid model is paid twice, for an answer
// that nobody reads. The share is chosen so that an hour at the present rate does not exceed the cap,
// and what was copied is counted; when the hour's copies are spent nothing is copied until the next.
// Hours are counted from the first look, not by the clock on the wall.

import type { MirrorPlan } from "./rollout-plan";

const HOUR_MS = 3_600_000;

export interface MirrorBudget {
  readonly hourStartedMs: number;
  /** Copies in this hour, as far as is known. */
  readonly copies: number;
  readonly lookedMs: number;
}

export const FRESH_MIRROR_BUDGET: MirrorBudget = { hourStartedMs: 0, copies: 0, lookedMs: 0 };

export interface MirrorDecision {
  readonly budget: MirrorBudget;
  /** Percent to copy from now on; 0 when the hour's copies are spent. */
  readonly percent: number;
}

/**
 * After one more stretch of traffic.
 *
 * @param requests that the stable arm had since the last look
 * @param percent of them that was copied meanwhile
 */
export function spendMirror(
  plan: MirrorPlan,
  before: MirrorBudget,
  requests: number,
  percent: number,
  atMs: number,
): MirrorDecision {
  const isFirst = before.hourStartedMs === 0;
  const isNewHour = isFirst || atMs - before.hourStartedMs >= HOUR_MS;
  const spent = Math.ceil((requests * percent) / 100);
  const budget: MirrorBudget = {
    hourStartedMs: isNewHour ? atMs : before.hourStartedMs,
    // What was copied across the turn of the hour is charged to the new one.
    copies: (isNewHour ? 0 : before.copies) + spent,
    lookedMs: atMs,
  };
  return {
    budget,
    percent: shareFor(plan, budget, requests, isFirst ? 0 : atMs - before.lookedMs),
  };
}

function shareFor(
  plan: MirrorPlan,
  { hourStartedMs, copies, lookedMs }: MirrorBudget,
  requests: number,
  elapsedMs: number,
): number {
  const left = plan.requestsPerHourMax - copies;
  if (left <= 0) return 0;
  if (requests === 0 || elapsedMs <= 0) return plan.percent;
  const expected = (requests / elapsedMs) * (HOUR_MS - (lookedMs - hourStartedMs));
  // The mesh takes fractions of a percent; below a thousandth nothing would ever be copied.
  const affordable = Math.floor(((100 * left) / Math.max(expected, 1)) * 1000) / 1000;
  return Math.min(plan.percent, affordable);
}
