// The filter's guard of a canary out of a policy: steps of a sequential test instead of shares and
// chances, so that the filter needs no logarithm, and the canary's cluster as Envoy names it.

import { createHash } from "node:crypto";
import { guardSteps } from "../canary/guard-steps";
import { canonicalJson, type CanaryConfig } from "./plugin-config";
import type { PolicyArm, PolicyService } from "./policy";
import { FALSE_KILL_PERMILLE, guardShares, ODDS_OVER_STABLE, REQUESTS_MIN } from "./policy-guard";
import { defaultAnalysis } from "./policy-rollout";

/**
 * The guard as the routes of a service carry it in the filter's configuration.
 *
 * @returns undefined without a rollout, and where its guard is off
 */
export function compileGuard(service: PolicyService): CanaryConfig | undefined {
  const { rollout } = service;
  const guard = rollout?.guard;
  const canary = service.arms.find((arm) => arm.name === rollout?.canary);
  if (rollout === undefined || canary === undefined || guard?.mode === "off") return undefined;
  const analysis = rollout.analysis ?? defaultAnalysis();
  const { healthy, bad } = guardShares(guard, analysis.error_percent_max);
  const steps = guardSteps({
    healthy: healthy / 100,
    bad: bad / 100,
    falseKill: (guard?.false_kill_permille ?? FALSE_KILL_PERMILLE) / 1000,
  });
  return {
    id: guard?.revision ?? canaryRevision(canary),
    ...(guard?.mode === undefined ? {} : { mode: guard.mode }),
    stable: rollout.stable,
    // Istio's name of the subset's cluster (pilot/pkg/model, BuildSubsetKey).
    cluster: `outbound|${service.port ?? "*"}|${canary.subset}|${service.host}`,
    error_step_q16: steps.errorStepQ16,
    success_step_q16: steps.successStepQ16,
    threshold_q16: steps.thresholdQ16,
    floor_q16: steps.floorQ16,
    requests_min: guard?.requests_min ?? REQUESTS_MIN,
    // As the rollout compares, or not at all: a proxy takes off nothing that the rollout would let pass.
    ...(analysis.baseline === "compare" && analysis.tolerance_percent === 0
      ? { odds: guard?.odds_over_stable ?? ODDS_OVER_STABLE }
      : {}),
  };
}

/** `NAME-DIGEST` of what the arm is: another version of the pods is another canary. */
export function canaryRevision(canary: PolicyArm): string {
  const { name, subset, labels } = canary;
  const text = canonicalJson({ name, subset, labels });
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `${name.slice(0, 54)}-${digest}`;
}
