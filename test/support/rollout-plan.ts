// The plan of a rollout, made from a policy as the command makes it.

import type { SimulatedGuard } from "../../host-tools/src/canary/guard-simulation";
import { compilePolicy } from "../../host-tools/src/config/policy-compile";
import { type RolloutPlan, rolloutPlan } from "../../host-tools/src/rollout/rollout-plan";

/** @param analysis members of `rollout.analysis`; without any, the defaults */
export function policyPlan(analysis = ""): RolloutPlan {
  return rolloutPlan(compilePolicy(policyText(analysis), "policy").policy, "llm-service");
}

/** The filter's guard of the same policy, as its configuration has it. */
export function policyGuard(): SimulatedGuard {
  const canary = compilePolicy(policyText(""), "policy").config.routes?.[0]?.canary;
  if (canary === undefined) throw new Error("the policy has no guard");
  return {
    steps: {
      errorStepQ16: canary.error_step_q16 ?? 0,
      successStepQ16: canary.success_step_q16 ?? 0,
      thresholdQ16: canary.threshold_q16 ?? 0,
      floorQ16: canary.floor_q16 ?? 0,
    },
    requestsMin: canary.requests_min ?? 0,
    odds: canary.odds ?? 0,
  };
}

function policyText(analysis: string): string {
  return `
version: 1
mode: enforce
mesh: { istio: "1.31", namespace: ai, workloads: { ganglion: "on" } }
services:
  llm-service:
    port: 8080
    arms:
      gpt-4o: { subset: v1, default: true }
      gpt-4o-next: { subset: v2 }
    rollout: { stable: gpt-4o, canary: gpt-4o-next, analysis: { ${analysis} } }
    routes: [{ name: chat }]
`;
}
