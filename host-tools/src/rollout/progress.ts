// What only checks move, apart from what orders change. An order is given to the state in the
// VirtualService, which is as old as the last change of traffic; what was counted since stands in the
// lease. Whoever reads one of them alone would begin the step's figures, and its tests, anew.

import { isOver, type RolloutState } from "./rollout-state";

/** The state with what was counted of the same step since. */
export function withProgress(state: RolloutState, checked: RolloutState | undefined): RolloutState {
  const isOfThisStep =
    checked?.id === state.id && checked.step === state.step && !isOver(checked) && !isOver(state);
  if (!isOfThisStep || checked.checkedMs <= state.checkedMs) return state;
  return { ...state, ...progressOf(checked) };
}

/** The members that checks move. */
export function progressOf(state: RolloutState): Partial<RolloutState> {
  const { counts, tests, failedChecks, heldSinceMs, stepStartedMs, checkedMs } = state;
  const { mirrorBudget, unwatchedMs } = state;
  return {
    counts,
    tests,
    failedChecks,
    heldSinceMs,
    stepStartedMs,
    checkedMs,
    mirrorBudget,
    unwatchedMs,
  };
}

/** The state for a tool that goes on with it: what happened since the last check nobody has counted. */
export function takenOver(state: RolloutState, atMs: number): RolloutState {
  const unwatchedMs = (state.unwatchedMs ?? 0) + Math.max(0, atMs - state.checkedMs);
  return { ...state, unwatchedMs };
}
