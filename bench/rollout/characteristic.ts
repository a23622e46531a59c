// The operating characteristic of a rollout with the default policy: for each true share of errors of
// the canary, how often it is rolled back and after how many of its requests. Measured on simulated
// rollouts, with the stable arm at 1 % and with a stable arm that is as bad as the canary.

import type { Prng } from "../../host-tools/src/lib/prng";
import { policyPlan } from "../../test/support/rollout-plan";
import { simulateRollout } from "./simulation";

export interface CharacteristicRow {
  readonly canary_error_percent: number;
  readonly stable_error_percent: number;
  readonly rolled_back_pct: number;
  /** Of those that were rolled back; null where none was. */
  readonly canary_requests_p50: number | null;
  readonly canary_requests_p99: number | null;
  /** Who decided, with counts. */
  readonly decided_by: Readonly<Record<string, number>>;
}

const PERCENTS = [1, 1.5, 2, 3, 4, 4.5, 4.9, 5.1, 5.5, 6, 8, 10, 20];

export function operatingCharacteristic(runs: number, random: Prng): CharacteristicRow[] {
  const rows = PERCENTS.map((percent) => ({ canary: percent, stable: 1 }));
  const alike = PERCENTS.filter((percent) => percent >= 3).map((percent) => ({
    canary: percent,
    stable: percent,
  }));
  return [...rows, ...alike].map(({ canary, stable }) => {
    const plan = policyPlan();
    const rates = { canary: canary / 100, stable: stable / 100 };
    const outcomes = Array.from({ length: runs }, (_, i) =>
      simulateRollout(plan, rates, random.fork(`${canary} ${stable} ${i}`)),
    );
    const back = outcomes.filter(({ state }) => state.phase === "rolled_back");
    const requests = back.map(({ canaryRequests }) => canaryRequests).sort((a, b) => a - b);
    const deciders: Record<string, number> = {};
    for (const { state } of back) {
      deciders[state.decidedBy ?? ""] = (deciders[state.decidedBy ?? ""] ?? 0) + 1;
    }
    return {
      canary_error_percent: canary,
      stable_error_percent: stable,
      rolled_back_pct: (100 * back.length) / runs,
      canary_requests_p50: at(requests, 0.5),
      canary_requests_p99: at(requests, 0.99),
      decided_by: deciders,
    };
  });
}

function at(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
