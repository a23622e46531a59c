// A plan with round numbers, and checks to feed it with.

import { type ArmCounts, type Block } from "../../../host-tools/src/rollout/arm-counts";
import type { Check } from "../../../host-tools/src/rollout/judge";
import type { RolloutPlan } from "../../../host-tools/src/rollout/rollout-plan";
import { policyPlan } from "../../support/rollout-plan";

export const MINUTE_MS = 60_000;
/** Some instant; 0 would hide a clock that was never read. */
export const START_MS = 1_700_000_000_000;

const ROUND = policyPlan("interval_s: 60, step_wait_s: 300, hold_max_s: 600");

/** Steps 5, 20, 50, 80, 100 of five minutes, checked each minute. */
export function samplePlan(changes: Partial<RolloutPlan> = {}): RolloutPlan {
  return { ...ROUND, ...changes };
}

export function counts(requests: number, errors: number): ArmCounts {
  return { requests, errors };
}

export function block(canary: ArmCounts, stable: ArmCounts): Block {
  return { stable, canary };
}

/** A check with the block, so many minutes after the start. */
export function checkAt(minute: number, seen: Block | undefined, more: Partial<Check> = {}): Check {
  return { atMs: START_MS + minute * MINUTE_MS, block: seen, killed: [], ...more };
}
