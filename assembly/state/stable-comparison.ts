// Evidence that a canary fails more often than the stable arm beside it, whatever the share of errors that
// either has: an outage that befalls both speaks against neither. The arithmetic is that of the tool's
// comparison (host-tools/src/rollout/evidence.ts; Turner, Ly and Gruenwald 2021): a block is the canary's
// answer and what the stable arm answered in this worker since the one before; its evidence is the
// logarithm of how much likelier both are if the canary's odds of an error are a multiple of the stable
// arm's than under the nearest pair of equal rates. Blocks of several workers add up, because each begins
// where its own ended.

import { CANARY_EVIDENCE_MAX, CanaryState } from "./canary-state";

/** What is believed of the stable arm before it is seen: 1 % of 200 answers. */
const PRIOR_REQUESTS: f64 = 200;
const PRIOR_ERRORS: f64 = 2;
/** A block is not older than so many answers: what the stable arm did yesterday was another time. */
const BLOCK_MAX: u32 = 1000;
/** Answers that are remembered; twice as many are halved. */
const PAST_MAX: u32 = 20000;

/** One answer of the stable arm. */
export function noteStable(state: CanaryState, failed: bool): void {
  state.blockRequests++;
  if (failed) state.blockErrors++;
  if (state.blockRequests >= BLOCK_MAX) closeBlock(state);
}

/**
 * One answer of the canary, which ends the block.
 *
 * @param odds a bad canary's odds of an error over the stable arm's; above 1
 * @returns natural logarithm, Q16; 0 where the stable arm answered nothing meanwhile
 */
export function compareAnswer(state: CanaryState, failed: bool, odds: i32): i32 {
  const requests = <f64>state.blockRequests;
  const errors = <f64>state.blockErrors;
  if (requests == 0) return 0;
  const stable =
    (<f64>state.pastErrors + PRIOR_ERRORS) / (<f64>state.pastRequests + PRIOR_REQUESTS);
  closeBlock(state);
  const lifted = (stable / (1 - stable)) * <f64>odds;
  const canary = lifted / (1 + lifted);
  const both = (requests * stable + canary) / (requests + 1);
  const nats =
    (failed ? Math.log(canary / both) : Math.log((1 - canary) / (1 - both))) +
    errors * Math.log(stable / both) +
    (requests - errors) * Math.log((1 - stable) / (1 - both));
  const bound = <f64>CANARY_EVIDENCE_MAX;
  return <i32>Math.floor(max(-bound, min(bound, nats * 65536)));
}

function closeBlock(state: CanaryState): void {
  state.pastRequests += state.blockRequests;
  state.pastErrors += state.blockErrors;
  state.blockRequests = 0;
  state.blockErrors = 0;
  if (state.pastRequests < 2 * PAST_MAX) return;
  state.pastRequests >>= 1;
  state.pastErrors >>= 1;
}
