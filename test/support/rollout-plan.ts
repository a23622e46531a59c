// The plan of a rollout, made from a policy as the command makes it.

import { compilePolicy } from "../../host-tools/src/config/policy-compile";
import { type RolloutPlan, rolloutPlan } from "../../host-tools/src/rollout/rollout-plan";

/** @param analysis members of `rollout.analysis`; without any, the defaults */
export function policyPlan(analysis = ""): RolloutPlan {
  const text = `
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
  return rolloutPlan(compilePolicy(text, "policy").policy, "llm-service");
}
