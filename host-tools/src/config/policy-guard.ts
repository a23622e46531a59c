// What a policy says of the filter's own guard over a canary, and what the filter gets of it. The
// words are shares and chances; the filter gets steps of a sequential test, so that it needs no
// logarithm.

import { createHash } from "node:crypto";
import { guardSteps } from "../canary/guard-steps";
import { canonicalJson, type CanaryConfig } from "./plugin-config";
import type { PolicyArm, PolicyService } from "./policy";
import type { Format } from "./shape/format";
import { choice, type FieldValues, percent, real, type Refuse, text, whole } from "./shape/shape";

const HEALTHY_ERROR_PERCENT = 1;
const BAD_ERROR_PERCENT = 10;
const FALSE_KILL_PERMILLE = 1;
const REQUESTS_MIN = 10;

const REVISION: Format = {
  form: "visible ASCII",
  pattern: /^[!-~]{1,63}$/,
  says: "must be 1 to 63 visible characters of ASCII",
};

/** Members of `rollout.guard`. */
export const guardFields = {
  mode: choice("Whether a bad canary is taken off or only counted.", ["enforce", "shadow", "off"], {
    otherwise: "the mode of the route",
  }),
  revision: text(
    "Name of this try of the canary: a proxy that killed it lets it in again only under another one.",
    { format: REVISION, otherwise: "made from the arm's name, subset and labels" },
  ),
  healthy_error_percent: percent("Share of errors that a healthy canary may have.", {
    low: 0.01,
    high: 50,
    default: HEALTHY_ERROR_PERCENT,
  }),
  bad_error_percent: percent("Share of errors that a bad canary has.", {
    low: 0.02,
    high: 99,
    default: BAD_ERROR_PERCENT,
  }),
  false_kill_permille: real(
    "Chance that a proxy kills a healthy canary, doubled by 100,000 answers.",
    {
      low: 0.001,
      high: 100,
      unit: "permille",
      default: FALSE_KILL_PERMILLE,
    },
  ),
  requests_min: whole("Answers of the canary before it can be killed.", {
    low: 1,
    high: 100_000,
    unit: "requests",
    default: REQUESTS_MIN,
  }),
} as const;

export type PolicyGuard = FieldValues<typeof guardFields>;

/** The rule over several members of the guard. */
export function checkGuard(guard: PolicyGuard, refuse: Refuse): void {
  if (guard.bad_error_percent > guard.healthy_error_percent) return;
  refuse(
    `must be above healthy_error_percent (${guard.healthy_error_percent})`,
    "bad_error_percent",
    guard.bad_error_percent,
  );
}

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
  const steps = guardSteps({
    healthy: (guard?.healthy_error_percent ?? HEALTHY_ERROR_PERCENT) / 100,
    bad: (guard?.bad_error_percent ?? BAD_ERROR_PERCENT) / 100,
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
  };
}

/** `NAME-DIGEST` of what the arm is: another version of the pods is another canary. */
export function canaryRevision(canary: PolicyArm): string {
  const { name, subset, labels } = canary;
  const text = canonicalJson({ name, subset, labels });
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `${name.slice(0, 54)}-${digest}`;
}
