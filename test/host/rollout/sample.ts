// A plan with round numbers, and checks to feed it with.

import { type ArmCounts, type Block } from "../../../host-tools/src/rollout/arm-counts";
import type { Check } from "../../../host-tools/src/rollout/judge";
import type { RolloutPlan } from "../../../host-tools/src/rollout/rollout-plan";

export const MINUTE_MS = 60_000;
/** Some instant; 0 would hide a clock that was never read. */
export const START_MS = 1_700_000_000_000;

/** Steps 5, 20, 50, 80, 100 of five minutes, checked each minute. */
export function samplePlan(changes: Partial<RolloutPlan> = {}): RolloutPlan {
  return {
    service: "llm-service",
    namespace: "ai",
    host: "llm-service.ai.svc.cluster.local",
    port: 8080,
    stable: { name: "gpt-4o", subset: "v1", labels: { version: "v1" } },
    canary: { name: "gpt-4o-next", subset: "v2", labels: { version: "v2" } },
    steps: [5, 20, 50, 80, 100].map((weight) => ({
      kind: "weight",
      weight,
      waitMs: 5 * MINUTE_MS,
    })),
    intervalMs: MINUTE_MS,
    threshold: 3,
    tests: { falseRollback: 0.01, tolerance: 0, limit: 0.05 },
    compares: true,
    requestsMin: 100,
    latency: undefined,
    holdMaxMs: 10 * MINUTE_MS,
    onHold: "revert",
    testers: [],
    mirror: undefined,
    affinity: undefined,
    metrics: undefined,
    heedsGuard: true,
    routes: ["chat"],
    workloads: {},
    ...changes,
  };
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
