// Where a rollout stands. Everything that the next check needs is in here, so that a tool that was
// killed is followed by one that has read this and nothing else (state-codec.ts writes it down).

import { type Block, NO_BLOCK } from "./arm-counts";
import { FRESH_MIRROR_BUDGET, type MirrorBudget } from "./mirror-budget";
import type { RolloutPlan, Step } from "./rollout-plan";
import { FRESH_TEST, type TestState } from "./sequential-test";

export type Phase = "progressing" | "paused" | "completed" | "rolled_back" | "inconclusive";

/** Who had the last word. */
export type Decider =
  "comparison" | "limit" | "latency" | "guard" | "operator" | "analysis" | "no-data" | "webhook";

/** A step that is over. */
export interface StepRecord {
  readonly weight: number;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly counts: Block;
  /** Of the step's time, what no tool has watched: its answers are in no count. */
  readonly unwatchedMs?: number | undefined;
  /** Evidence at its end, natural logarithms. */
  readonly comparison: number;
  readonly limit: number;
}

export interface RolloutState {
  /** Of this rollout; another one has another. */
  readonly id: string;
  /** Names of the arms. */
  readonly stable: string;
  readonly canary: string;
  /** Goes up by one with every change of traffic or phase. */
  readonly revision: number;
  readonly phase: Phase;
  /** Index into the plan's steps. */
  readonly step: number;
  /** Percent of the requests that the canary gets now. */
  readonly weight: number;
  /** Percent of the requests that are copied to the canary now. */
  readonly mirrorPercent: number;
  readonly startedMs: number;
  readonly stepStartedMs: number;
  /** Of the last check; time that nobody watched does not count as waiting. */
  readonly checkedMs: number;
  /** Since when the step has been without enough data. */
  readonly heldSinceMs: number | undefined;
  readonly failedChecks: number;
  /** Time of this step that no tool has watched: its answers are in no count. */
  readonly unwatchedMs?: number | undefined;
  /** Of this step. */
  readonly counts: Block;
  readonly tests: TestState;
  readonly mirrorBudget: MirrorBudget;
  readonly done: readonly StepRecord[];
  readonly decidedBy: Decider | undefined;
  /** The last sentence about it. */
  readonly reason: string;
}

export function firstState(plan: RolloutPlan, id: string, atMs: number): RolloutState {
  const step = plan.steps[0] as Step;
  return {
    id,
    stable: plan.stable.name,
    canary: plan.canary.name,
    revision: 1,
    phase: "progressing",
    step: 0,
    weight: step.weight,
    mirrorPercent: step.kind === "mirror" ? (plan.mirror?.percent ?? 0) : 0,
    startedMs: atMs,
    stepStartedMs: atMs,
    checkedMs: atMs,
    heldSinceMs: undefined,
    failedChecks: 0,
    counts: NO_BLOCK,
    tests: FRESH_TEST,
    mirrorBudget: FRESH_MIRROR_BUDGET,
    done: [],
    decidedBy: undefined,
    reason: step.kind === "prepare" ? "asked for" : `started with weight ${step.weight}`,
  };
}

/** True where no check changes it any more. */
export function isOver({ phase }: RolloutState): boolean {
  return phase === "completed" || phase === "rolled_back" || phase === "inconclusive";
}
