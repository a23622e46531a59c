import { describe, expect, it } from "vitest";
import { compilePolicy } from "../../../host-tools/src/config/policy-compile";
import { rolloutPlan } from "../../../host-tools/src/rollout/rollout-plan";

function policy(rollout: string, rest = ""): string {
  return `
version: 1
mode: enforce
mesh: { istio: "1.31", namespace: ai, workloads: { ganglion: "on" } }
services:
  llm-service:
    port: 8080
    arms:
      one: { subset: v1, default: true }
      mini: { subset: mini }
      next: { subset: v2 }
    rollout: ${rollout}
    routes:
      - { name: chat, match: { path_prefix: /chat }${rest} }
`;
}

const plan = (rollout: string, rest = "") =>
  rolloutPlan(compilePolicy(policy(rollout, rest), "ganglion.yaml").policy, "llm-service");

describe("a rollout in a policy", () => {
  it("takes the published steps, waits and limits where it says none", () => {
    expect(plan("{ stable: one, canary: next }")).toMatchObject({
      namespace: "ai",
      host: "llm-service.ai.svc.cluster.local",
      stable: { name: "one", subset: "v1" },
      canary: { name: "next", subset: "v2", labels: { version: "v2" } },
      steps: [5, 20, 50, 80, 100].map((weight) => ({ kind: "weight", weight, waitMs: 1_800_000 })),
      intervalMs: 60_000,
      threshold: 3,
      tests: { falseRollback: 0.01, tolerance: 0, limit: 0.05 },
      compares: true,
      requestsMin: 100,
      holdMaxMs: 3_600_000,
      onHold: "revert",
      heedsGuard: true,
      routes: ["chat"],
      workloads: { ganglion: "on" },
    });
  });

  it("mirrors before the first weight", () => {
    const { steps, mirror } = plan(
      "{ stable: one, canary: next, analysis: { mirror: { percent: 5, wait_s: 300 }, step_weights: [50] } }",
    );
    expect(steps).toEqual([
      { kind: "mirror", weight: 0, waitMs: 300_000 },
      { kind: "weight", weight: 50, waitMs: 1_800_000 },
    ]);
    expect(mirror).toEqual({ percent: 5, requestsPerHourMax: 1000 });
  });

  it.each([
    ["step_weight: 10", [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]],
    ["step_weight: 20, max_weight: 50", [20, 40, 50, 100]],
    ["step_weight: 40", [40, 80, 100]],
    ["step_weight: 100", [100]],
    ["iterations: 10, match: [{ header: x, exact: y }]", [0, 100]],
  ])("takes its steps from %s", (analysis, weights) => {
    const { steps } = plan(`{ stable: one, canary: next, analysis: { ${analysis} } }`);
    expect(steps.map(({ weight }) => weight)).toEqual(weights);
    if (weights[0] === 0) expect(steps[0]?.waitMs).toBe(600_000);
  });

  it.each([
    ["step_weight: 5, step_weights: [5]", "step_weight = 5: excludes step_weights"],
    ["iterations: 5, step_weight: 5", "excludes step_weight"],
    ["max_weight: 50", "needs step_weight"],
    ["step_weight: 50, max_weight: 20", "must be at least step_weight (50)"],
    ["iterations: 5", "needs match"],
  ])("is refused with steps from %s", (analysis, why) => {
    expect(() => plan(`{ stable: one, canary: next, analysis: { ${analysis} } }`)).toThrow(why);
  });

  it.each([
    ["{ stable: one, canary: one }", "must be another arm than stable"],
    ["{ stable: one, canary: none }", "no arm of the service"],
    ["{ stable: mini, canary: next }", "must be the default arm"],
    ["{ stable: one, canary: next, guard: { mode: off } }", "then the filters count nothing"],
    ["{ stable: one, canary: next, analysis: { step_weights: [20, 5] } }", "must go up"],
    ["{ stable: one, canary: next, analysis: { step_weights: [2.5] } }", "must be whole numbers"],
    [
      "{ stable: one, canary: next, analysis: { latency_ms_max: 100 } }",
      "needs metrics.prometheus",
    ],
    ["{ stable: one, canary: next, analysis: { match: [{ header: x }] } }", "needs one of exact"],
    ["{ stable: one, canary: next, analysis: { session_affinity: {} } }", "needs one of cookie"],
    ["{ stable: one, canary: next, analysis: { intervall_s: 5 } }", "did you mean interval_s?"],
  ])("is refused as %s", (rollout, why) => {
    expect(() => plan(rollout)).toThrow(why);
  });

  it("is refused where a route lists the canary: then the filter would choose it too", () => {
    expect(() => plan("{ stable: one, canary: next }", ", arms: [one, next]")).toThrow("next");
  });

  it("does not heed a guard that only counts", () => {
    expect(plan("{ stable: one, canary: next, guard: { mode: shadow } }").heedsGuard).toBe(false);
  });
});
