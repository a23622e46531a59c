// Rollouts in no time: the tool's own state machine and tests, fed with seeded counts. The plan is the
// default one of a policy; the service has 50 requests a second.

import type { Prng } from "../../host-tools/src/lib/prng";
import type { ArmCounts } from "../../host-tools/src/rollout/arm-counts";
import type { RolloutPlan } from "../../host-tools/src/rollout/rollout-plan";
import { firstState, isOver, type RolloutState } from "../../host-tools/src/rollout/rollout-state";
import {
  FRESH_TEST,
  observeBlock,
  testVerdict,
} from "../../host-tools/src/rollout/sequential-test";
import { advance } from "../../host-tools/src/rollout/state-machine";

const REQUESTS_PER_S = 50;
const START_MS = 1_700_000_000_000;

export interface Rates {
  /** Shares of errors, in [0, 1]. */
  readonly canary: number;
  readonly stable: number;
}

export interface Outcome {
  readonly state: RolloutState;
  /** Requests that the canary had until the end. */
  readonly canaryRequests: number;
}

/** One rollout with independent errors, to its end. */
export function simulateRollout(plan: RolloutPlan, rates: Rates, random: Prng): Outcome {
  let state = firstState(plan, "simulated", START_MS);
  let canaryRequests = 0;
  for (let atMs = START_MS + plan.intervalMs; !isOver(state); atMs += plan.intervalMs) {
    const requests = Math.round((plan.intervalMs / 1000) * REQUESTS_PER_S);
    const share = Math.round((requests * state.weight) / 100);
    const block = {
      canary: draw(share, rates.canary, random),
      stable: draw(requests - share, rates.stable, random),
    };
    canaryRequests += share;
    state = advance(plan, state, { atMs, block, killed: [] });
  }
  return { state, canaryRequests };
}

/**
 * Requests of a canary at 5 % until a sequential test rejects, looked at after each; Infinity where
 * none does.
 */
export function requestsToReject(
  plan: RolloutPlan,
  rates: Rates,
  requestsMax: number,
  random: Prng,
): number {
  const stablePerCanary = 19;
  let state = FRESH_TEST;
  for (let request = 1; request <= requestsMax; request++) {
    const block = {
      canary: draw(1, rates.canary, random),
      stable: draw(stablePerCanary, rates.stable, random),
    };
    state = observeBlock(state, block, plan.tests);
    if (testVerdict(state, plan.tests).rejected !== undefined) return request;
  }
  return Infinity;
}

/** Exact binomial counts by the gaps between errors: few draws where errors are few. */
function draw(requests: number, rate: number, random: Prng): ArmCounts {
  let errors = 0;
  if (rate > 0) {
    const scale = Math.log(1 - rate);
    for (let at = 0; ; errors++) {
      at += 1 + Math.floor(Math.log(1 - random.uniform()) / scale);
      if (at > requests) break;
    }
  }
  return { requests, errors };
}
