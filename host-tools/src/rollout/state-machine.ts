// One rollout as a pure function of its checks: no clock, no network, no chance. Whoever runs it
// (controller.ts against a cluster, the simulation of the bench) writes down what it returns before
// traffic moves.
//
//   progressing --pass, wait over--> next step ... last step --> completed (0/100)
//        |  roll-back, or `threshold` failed checks --> rolled_back (100/0)
//        |  held for longer than hold_max           --> inconclusive (100/0, or stays)
//        +- pause <-> paused: judged as before, but never a step further

import { addBlocks, NO_BLOCK } from "./arm-counts";
import { askedBack, type Check, isSound, isWaitOver, judge, type Judgement } from "./judge";
import { spendMirror } from "./mirror-budget";
import type { RolloutPlan, Step } from "./rollout-plan";
import { type Decider, isOver, type Phase, type RolloutState } from "./rollout-state";
import { observeBlock, testVerdict } from "./sequential-test";

/** The state after one more check. A new revision means that traffic or phase have changed. */
export function advance(plan: RolloutPlan, before: RolloutState, check: Check): RolloutState {
  if (isOver(before)) return before;
  return conclude(plan, weigh(plan, before, check), check);
}

/** The first half of a check: what was seen is counted, and nothing follows from it yet. */
export function weigh(plan: RolloutPlan, before: RolloutState, check: Check): RolloutState {
  if (isOver(before)) return before;
  const watched = withoutGap(plan, before, check.atMs);
  return plan.steps[before.step]?.kind === "weight" ? count(plan, watched, check) : watched;
}

/**
 * The second half: what follows for a state in which the check is counted.
 *
 * @param state with the present time as the one of its check, which begins the next step; webhooks may have
 *   taken longer than that
 */
export function conclude(plan: RolloutPlan, state: RolloutState, check: Check): RolloutState {
  if (isOver(state)) return state;
  const step = plan.steps[state.step];
  if (step === undefined) return ended(state, "inconclusive", 0, "no-data", "the plan is shorter");
  if (step.kind === "prepare") return prepare(plan, state, check);
  if (step.kind === "mirror") return advanceMirror(plan, state, check);
  return follow(plan, state, check, judge(plan, state, check));
}

/** Before the canary gets anything: webhooks say whether it may. */
function prepare(plan: RolloutPlan, state: RolloutState, check: Check): RolloutState {
  const { hooks } = check;
  const back = askedBack(check);
  if (back !== undefined) return follow(plan, state, check, back);
  if (hooks === undefined || state.phase === "paused") return state;
  if (hooks.closed !== undefined) return { ...state, reason: `waiting: ${hooks.closed}` };
  if (hooks.failed === undefined) return nextStep(plan, { ...state, reason: "prepared" });
  return follow(plan, state, check, { kind: "failed-check", by: "webhook", reason: hooks.failed });
}

/** Time in which nobody looked, as after a restart of the tool, is no waiting. */
function withoutGap(plan: RolloutPlan, state: RolloutState, atMs: number): RolloutState {
  const gapMs = atMs - state.checkedMs - 2 * plan.intervalMs;
  const checked = { ...state, checkedMs: atMs };
  if (gapMs <= 0) return checked;
  const heldSinceMs = state.heldSinceMs === undefined ? undefined : state.heldSinceMs + gapMs;
  return { ...checked, stepStartedMs: state.stepStartedMs + gapMs, heldSinceMs };
}

function count(plan: RolloutPlan, state: RolloutState, { block }: Check): RolloutState {
  if (!isSound(block)) return state;
  const compared = plan.compares ? block : { ...block, stable: NO_BLOCK.stable };
  return {
    ...state,
    counts: addBlocks(state.counts, block),
    tests: observeBlock(state.tests, compared, plan.tests),
  };
}

function follow(
  plan: RolloutPlan,
  state: RolloutState,
  check: Check,
  judgement: Judgement,
): RolloutState {
  const { reason } = judgement;
  switch (judgement.kind) {
    case "roll-back":
      return rolledBack(plan, state, judgement.by, reason);
    case "hold":
      return held(plan, state, check.atMs, reason);
    case "failed-check": {
      const failedChecks = state.failedChecks + 1;
      const told = `failed check ${failedChecks} of ${plan.threshold}: ${reason}`;
      if (failedChecks >= plan.threshold) return rolledBack(plan, state, judgement.by, told);
      return { ...state, heldSinceMs: undefined, failedChecks, reason: told };
    }
    case "pass": {
      const passed = { ...state, heldSinceMs: undefined, reason };
      if (state.phase === "paused" || !isWaitOver(plan, state, check.atMs)) return passed;
      const closed = check.hooks?.closed;
      if (closed !== undefined) return { ...passed, reason: `waiting: ${closed}` };
      return nextStep(plan, passed);
    }
  }
}

function held(plan: RolloutPlan, state: RolloutState, atMs: number, reason: string): RolloutState {
  // A pause is somebody's wish; it may last.
  if (state.phase === "paused") return { ...state, reason: `hold: ${reason}` };
  const heldSinceMs = state.heldSinceMs ?? atMs;
  const waiting = { ...state, heldSinceMs, reason: `hold: ${reason}` };
  if (atMs - heldSinceMs < plan.holdMaxMs) return waiting;
  const weight = plan.onHold === "revert" ? 0 : state.weight;
  const told = `held for ${Math.round((atMs - heldSinceMs) / 1000)} s: ${reason}`;
  return ended(record(plan, waiting), "inconclusive", weight, "no-data", told);
}

function nextStep(plan: RolloutPlan, state: RolloutState): RolloutState {
  const done = record(plan, state);
  const step: Step | undefined = plan.steps[state.step + 1];
  if (step === undefined) {
    return ended(done, "completed", state.weight, "analysis", "all steps have passed");
  }
  return {
    ...done,
    revision: state.revision + 1,
    step: state.step + 1,
    weight: step.weight,
    mirrorPercent: step.kind === "mirror" ? (plan.mirror?.percent ?? 0) : 0,
    stepStartedMs: state.checkedMs,
    failedChecks: 0,
    counts: NO_BLOCK,
    unwatchedMs: undefined,
    reason: `advance to weight ${step.weight} (${state.reason})`,
  };
}

/** A mirror step judges nothing: what the canary answers is dropped unseen. Only time ends it. */
function advanceMirror(plan: RolloutPlan, state: RolloutState, check: Check): RolloutState {
  const { killed, block, atMs } = check;
  if (killed.length > 0) {
    return rolledBack(plan, state, "guard", `taken out by the filter in ${killed.join(", ")}`);
  }
  const back = askedBack(check);
  if (back !== undefined) return follow(plan, state, check, back);
  if (state.phase !== "paused" && isWaitOver(plan, state, atMs)) {
    const closed = check.hooks?.closed;
    if (closed !== undefined) return { ...state, reason: `waiting: ${closed}` };
    return nextStep(plan, { ...state, reason: "mirrored" });
  }
  if (plan.mirror === undefined || !isSound(block)) return state;
  const requests = block.stable.requests;
  const spent = spendMirror(plan.mirror, state.mirrorBudget, requests, state.mirrorPercent, atMs);
  const isChange = spent.percent === 0 || spent.percent < state.mirrorPercent * 0.8;
  const isBack = spent.percent > state.mirrorPercent * 1.2;
  const changes = spent.percent !== state.mirrorPercent && (isChange || isBack);
  return {
    ...state,
    mirrorBudget: spent.budget,
    ...(changes
      ? {
          revision: state.revision + 1,
          mirrorPercent: spent.percent,
          reason: `mirror ${spent.percent} %, ${spent.budget.copies} copies in this hour`,
        }
      : {}),
  };
}

function rolledBack(
  plan: RolloutPlan,
  state: RolloutState,
  by: Decider,
  reason: string,
): RolloutState {
  return ended(record(plan, state), "rolled_back", 0, by, reason);
}

/** The step that is going on, as one that is over. */
function record(plan: RolloutPlan, state: RolloutState): RolloutState {
  const { comparison, limit } = testVerdict(state.tests, plan.tests);
  const { weight, stepStartedMs: startedMs, checkedMs: endedMs, counts, unwatchedMs } = state;
  const step = { weight, startedMs, endedMs, counts, unwatchedMs, comparison, limit };
  return { ...state, heldSinceMs: undefined, done: [...state.done, step] };
}

function ended(
  state: RolloutState,
  phase: Phase,
  weight: number,
  decidedBy: Decider,
  reason: string,
): RolloutState {
  const revision = state.revision + 1;
  return { ...state, revision, phase, weight, mirrorPercent: 0, decidedBy, reason };
}

/** What an operator may do to a rollout from outside. */
export type Order = "pause" | "resume" | "abort" | "promote";

/** The state after an order; the same state where the order changes nothing. */
export function obey(
  plan: RolloutPlan,
  state: RolloutState,
  order: Order,
  atMs: number,
): RolloutState {
  const at = { ...state, checkedMs: atMs };
  if (isOver(state)) {
    return order === "abort" && isCanaryServing(plan, state)
      ? ended(at, "rolled_back", 0, "operator", "aborted by the operator")
      : state;
  }
  const revision = state.revision + 1;
  switch (order) {
    case "pause":
      if (state.phase === "paused") return state;
      return { ...state, revision, phase: "paused", reason: "paused by the operator" };
    case "resume":
      if (state.phase !== "paused") return state;
      return { ...state, revision, phase: "progressing", reason: "resumed by the operator" };
    case "abort":
      return rolledBack(plan, at, "operator", "aborted by the operator");
    case "promote":
      return ended(record(plan, at), "completed", 100, "operator", "promoted by the operator");
  }
}

/** Over, and the canary still gets traffic: an operator who finds it bad later can still go back. */
function isCanaryServing({ stable, canary }: RolloutPlan, state: RolloutState): boolean {
  return state.weight > 0 && state.stable === stable.name && state.canary === canary.name;
}
