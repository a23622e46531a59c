// A canary rollout, simulated and live.
//
// Simulated, by the tool's own state machine and the default policy (steps 5/20/50/80/100 of 30 min,
// a check a minute, limit 5 %, 50 requests/s):
//   `false_rollbacks_pct`   of 1,000 rollouts of a canary with 1 % errors beside a stable arm with 1 %
//   `found_within_60_pct`   of 10,000 canaries with 20 % errors beside 1 %, those that a sequential
//                           test rejects within 60 requests of the canary, looked at after each
//   `operating_characteristic`  how often, and after how many requests, by the true share of errors
//   `guard_characteristic`  how often the filter's own guard takes a canary out within so many answers
//
// Live, on etcd, kube-apiserver, istiod, istio-agent and Envoy with the filter: see rollout/live.ts.
// Shares of errors are exact there (49 or 51 of any 1,000 answers); of both versions, so that the
// comparison has nothing to say and the limit decides.

import { seededPrng } from "../host-tools/src/lib/prng";
import type { Bench, BenchOptions, BenchResult } from "./bench";
import { operatingCharacteristic } from "./rollout/characteristic";
import { guardCharacteristic } from "./rollout/guard-characteristic";
import { measureLive } from "./rollout/live";
import { policyPlan } from "../test/support/rollout-plan";
import { requestsToReject, simulateRollout } from "./rollout/simulation";

const HEALTHY_RUNS = 1000;
const BAD_RUNS = 10_000;
const FOUND_WITHIN = 60;
const CHARACTERISTIC_RUNS = 400;
const GUARD_RUNS = 4000;

async function run({ seed, quick, say }: BenchOptions): Promise<BenchResult> {
  const random = seededPrng(seed).fork("rollout");
  const scale = quick ? 20 : 1;
  const plan = policyPlan();
  const healthyRuns = HEALTHY_RUNS / scale;
  say(`${healthyRuns} healthy rollouts`);
  let falseRollbacks = 0;
  for (let i = 0; i < healthyRuns; i++) {
    const rates = { canary: 0.01, stable: 0.01 };
    const { state } = simulateRollout(plan, rates, random.fork(`healthy ${i}`));
    if (state.phase !== "completed") falseRollbacks++;
  }
  const badRuns = BAD_RUNS / scale;
  say(`${badRuns} canaries with 20 % errors`);
  let found = 0;
  for (let i = 0; i < badRuns; i++) {
    const rates = { canary: 0.2, stable: 0.01 };
    if (requestsToReject(plan, rates, FOUND_WITHIN, random.fork(`bad ${i}`)) <= FOUND_WITHIN)
      found++;
  }
  say("operating characteristic");
  const characteristic = operatingCharacteristic(
    CHARACTERISTIC_RUNS / scale,
    random.fork("characteristic"),
  );
  say("guard in the proxy");
  const guard = guardCharacteristic(GUARD_RUNS / scale, random.fork("guard"));
  const live = await measureLive(seed, quick, say);
  return {
    figures: {
      bench: "rollout",
      seed,
      ...live,
      healthy_rollouts: healthyRuns,
      false_rollbacks_pct: (100 * falseRollbacks) / healthyRuns,
      found_within_60_pct: (100 * found) / badRuns,
      operating_characteristic: characteristic,
      guard_characteristic: guard,
    },
    table: [
      ...Object.entries({ ...live, false_rollbacks_pct: (100 * falseRollbacks) / healthyRuns }).map(
        ([name, value]) => [name, String(value)],
      ),
      ["found_within_60_pct", String((100 * found) / badRuns)],
      ...characteristic.map((row) => [
        `canary ${row.canary_error_percent} %, stable ${row.stable_error_percent} %`,
        `rolled back ${row.rolled_back_pct.toFixed(1)} %`,
        `p50 ${row.canary_requests_p50 ?? "-"} p99 ${row.canary_requests_p99 ?? "-"}`,
        JSON.stringify(row.decided_by),
      ]),
    ],
  };
}

export const bench: Bench = {
  name: "rollout",
  summary:
    "a canary's verdicts, its rollback at 500 requests/s, and the kill without a control plane",
  run,
};
