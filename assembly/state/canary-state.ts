// What is known of a route's canary: the evidence that it is bad, over all workers of the proxy as this one
// saw it last, and whether that was enough. A sequential test (Wald, 1945): each answer adds the logarithm of
// how much likelier it is from a bad canary than from a healthy one, so that a few failures in a row decide
// within seconds and a trickle of the usual ones never does. The evidence has a floor, so that a canary that
// was healthy for a week is still found out within minutes.
//
// Lives as long as the VM, in the places of the route's state.

import { CANARY_ERROR_STEP_Q16, CANARY_SUCCESS_STEP_Q16 } from "../contract/config";
import { ROUTES_MAX } from "../contract/limits";

/** Places for canaries: as many as there are states of routes. */
export const CANARY_STATES_MAX: i32 = ROUTES_MAX * 2;
/** Evidence is counted no further; far over any threshold. */
export const CANARY_EVIDENCE_MAX: i32 = 1 << 24;

// @ts-ignore: decorator
@unmanaged
@final
export class CanaryState {
  /** Key of the verdict (CanarySettings.hash); 0 without a guard. */
  hash: u64;
  /** Natural logarithm, Q16, bad against healthy. */
  evidenceQ16: i32;
  /** The same, bad against the stable arm beside it (stable-comparison.ts). */
  comparisonQ16: i32;
  /** The same, bad against 1 % of errors, below which no comparison matters. */
  aboveQ16: i32;
  requests: u32;
  errors: u32;
  /** When the canary was found bad, seconds since 1970; 0 while it is not. */
  killedS: u32;
  /** Place of the record in shared data + 1; 0 while it is not known. */
  place: i32;
  /** 1 when a configuration in force spoke of it since gauges were written last. */
  inForce: i32;
  /** Counters not yet flushed. */
  counted: u32;
  failed: u32;
  /** The same of answers that were not the canary's. */
  stableCounted: u32;
  stableFailed: u32;
  /** What this worker saw of the stable arm since the canary's last answer. */
  blockRequests: u32;
  blockErrors: u32;
  /** And before; old answers fade. */
  pastRequests: u32;
  pastErrors: u32;
}

const STATE_BYTES: usize = 72;
const TABLE: usize = memory.data(9216, 8);
if (offsetof<CanaryState>() > 72) ERROR("CanaryState is larger than its place");
if (CANARY_STATES_MAX * 72 != 9216) ERROR("TABLE must have CANARY_STATES_MAX places");

/** @param index of the route's state */
// @ts-ignore: decorator
@inline
export function canaryState(index: i32): CanaryState {
  return changetype<CanaryState>(TABLE + <usize>index * STATE_BYTES);
}

/**
 * Makes the place the canary's, unless it is already; what another one was found to be is forgotten.
 *
 * @param hash of route and canary, 0 for a route without a guard
 */
export function bindCanary(index: i32, hash: u64): void {
  const state = canaryState(index);
  if (state.hash == hash) return;
  memory.fill(changetype<usize>(state), 0, STATE_BYTES);
  state.hash = hash;
}

/**
 * Takes one answer into account.
 *
 * @param comparedQ16 evidence of the comparison with the stable arm
 * @param errorStepQ16 what a failure adds; positive
 * @param successStepQ16 what any other answer takes away
 * @param floorQ16 how far below zero the evidence may go
 */
export function weighAnswer(
  state: CanaryState,
  failed: bool,
  errorStepQ16: i32,
  successStepQ16: i32,
  floorQ16: i32,
  comparedQ16: i32,
): void {
  const step = failed ? errorStepQ16 : -successStepQ16;
  state.evidenceQ16 = moved(state.evidenceQ16, step, floorQ16);
  state.comparisonQ16 = moved(state.comparisonQ16, comparedQ16, floorQ16);
  const above = failed ? CANARY_ERROR_STEP_Q16 : -CANARY_SUCCESS_STEP_Q16;
  state.aboveQ16 = moved(state.aboveQ16, above, floorQ16);
  if (state.requests != u32.MAX_VALUE) state.requests++;
  if (failed && state.errors != u32.MAX_VALUE) state.errors++;
}

/** What stands in shared data is checked here and nowhere else: any number is brought into range first. */
function moved(evidence: i32, step: i32, floorQ16: i32): i32 {
  const sane = min(max(evidence, -floorQ16), CANARY_EVIDENCE_MAX);
  return min(max(sane + step, -floorQ16), CANARY_EVIDENCE_MAX);
}

/**
 * Whether that is enough to kill: too many errors, or more than the stable arm's and more than 1 % as well,
 * so that a handful beside a flawless stable arm is none of a guard's business.
 */
export function foundBad(state: CanaryState, thresholdQ16: i32, requestsMin: i32): bool {
  if (state.requests < <u32>requestsMin) return false;
  if (state.evidenceQ16 >= thresholdQ16) return true;
  return state.comparisonQ16 >= thresholdQ16 && state.aboveQ16 >= thresholdQ16;
}
