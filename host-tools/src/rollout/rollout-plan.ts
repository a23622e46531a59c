// What a rollout is to do, in full: the policy's section with its defaults, and the arms' places in
// the mesh. Times in ms, shares of errors in [0, 1]; weights in percent, as the mesh has them.

import { createHash } from "node:crypto";
import { canonicalJson } from "../config/plugin-config";
import type { PolicyWebhook } from "../config/policy-webhooks";
import {
  defaultAnalysis,
  stepWeights,
  type PolicyAnalysis,
  type PolicyRollout,
  type PolicyTester,
} from "../config/policy-rollout";
import { defaultArm, type Policy, type PolicyArm, type PolicyService } from "../config/policy";
import { ExitCode, GanglionError } from "../lib/errors";
import type { TestSettings } from "./sequential-test";

/** An arm as its rules and its metrics name it. */
export interface ArmPlace {
  readonly name: string;
  readonly subset: string;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * One stretch of a rollout. Before the first share: `prepare` while webhooks are asked whether to begin, and
 * `mirror`, in which the canary's answers reach nobody.
 */
export interface Step {
  readonly kind: "prepare" | "mirror" | "weight";
  /** Percent of the requests that the canary answers. */
  readonly weight: number;
  readonly waitMs: number;
}

export interface MirrorPlan {
  readonly percent: number;
  readonly requestsPerHourMax: number;
}

export type Affinity =
  | { readonly kind: "cookie"; readonly name: string; readonly maxAgeS: number }
  | { readonly kind: "header"; readonly name: string };

export interface RolloutPlan {
  readonly service: string;
  readonly namespace: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly stable: ArmPlace;
  readonly canary: ArmPlace;
  readonly steps: readonly Step[];
  readonly intervalMs: number;
  readonly threshold: number;
  readonly tests: TestSettings;
  readonly compares: boolean;
  readonly requestsMin: number;
  readonly latency: { readonly msMax: number; readonly quantile: number } | undefined;
  readonly holdMaxMs: number;
  readonly onHold: "revert" | "stay";
  readonly testers: readonly PolicyTester[];
  readonly mirror: MirrorPlan | undefined;
  readonly affinity: Affinity | undefined;
  readonly metrics: PolicyAnalysis["metrics"];
  /** False where the filter's guard only counts: then its verdict stops nothing here either. */
  readonly heedsGuard: boolean;
  /** Names of the service's routes, as the filter's metrics have them. */
  readonly routes: readonly string[];
  /** Servers that are asked and told. */
  readonly webhooks: readonly PolicyWebhook[];
  /** Of what is rolled out. */
  readonly checksum: string;
  /** Labels of the pods whose proxies count, where nothing else is said. */
  readonly workloads: Readonly<Record<string, string>>;
}

/**
 * The plan for one service of a policy.
 *
 * @throws GanglionError E_ROLLOUT_PLAN for a service that is not there, has no rollout, or whose
 *   rollout names no arm of it
 */
export function rolloutPlan(policy: Policy, serviceName: string): RolloutPlan {
  const service = policy.services.find(({ name }) => name === serviceName);
  if (service === undefined) {
    const names = policy.services.map(({ name }) => name).join(", ");
    throw planError(`the policy has no service ${serviceName}`, `It has ${names}.`);
  }
  const { rollout } = service;
  if (rollout === undefined) {
    throw planError(
      `services.${serviceName}.rollout is missing`,
      "Name the arms there: rollout: { stable: ARM, canary: ARM }.",
    );
  }
  checkArms(service, rollout);
  const plan = planOf(policy, service, rollout);
  if (rollout.guard?.mode === "off" && plan.metrics?.prometheus === undefined) {
    throw planError(
      `services.${serviceName}.rollout.guard.mode = off: then the filters count nothing`,
      "Set analysis.metrics.prometheus, or let the guard count in mode shadow.",
    );
  }
  return plan;
}

/** Whoever is taken to the stable arm by name and whoever is split have to be told apart. */
function checkArms(service: PolicyService, { stable, canary }: PolicyRollout): void {
  const chosen = defaultArm(service.arms);
  if (chosen !== undefined && chosen.name !== stable) {
    throw planError(
      `services.${service.name}.rollout.stable = "${stable}": must be the default arm`,
      `Set default: true at ${stable}; ${chosen.name} has it.`,
    );
  }
  const route = service.routes.find(({ arms }) => arms.some(({ name }) => name === canary));
  if (route === undefined) return;
  throw planError(
    `route ${route.name} lists ${canary}, which is the canary`,
    "Leave it out of `arms` of the routes: while it is tried, only the rollout sends to it.",
  );
}

function planOf(policy: Policy, service: PolicyService, rollout: PolicyRollout): RolloutPlan {
  const analysis = rollout.analysis ?? defaultAnalysis();
  const { mirror, latency_ms_max: latencyMsMax } = analysis;
  return {
    service: service.name,
    namespace: policy.mesh.namespace,
    host: service.host,
    port: service.port,
    stable: armPlace(service, rollout.stable, "stable"),
    canary: armPlace(service, rollout.canary, "canary"),
    steps: stepsOf(analysis),
    intervalMs: analysis.interval_s * 1000,
    threshold: analysis.threshold,
    tests: {
      falseRollback: analysis.false_rollback_percent_max / 100,
      tolerance: analysis.tolerance_percent / 100,
      limit: analysis.error_percent_max / 100,
    },
    compares: analysis.baseline === "compare",
    requestsMin: analysis.request_count_min,
    latency:
      latencyMsMax === undefined
        ? undefined
        : { msMax: latencyMsMax, quantile: analysis.latency_quantile },
    holdMaxMs: analysis.hold_max_s * 1000,
    onHold: analysis.on_hold,
    testers: analysis.match ?? [],
    mirror:
      mirror === undefined
        ? undefined
        : { percent: mirror.percent, requestsPerHourMax: mirror.requests_per_hour_max },
    affinity: affinityOf(analysis),
    metrics: analysis.metrics,
    heedsGuard: isGuardEnforced(policy, service, rollout),
    routes: service.routes.map(({ name }) => name),
    webhooks: analysis.webhooks ?? [],
    checksum: checksumOf(service, rollout),
    workloads: policy.mesh.workloads,
  };
}

function stepsOf(analysis: PolicyAnalysis): Step[] {
  const { mirror, webhooks = [], iterations, interval_s: intervalS } = analysis;
  const isAsked = webhooks.some(({ type }) => type === "confirm-rollout" || type === "pre-rollout");
  const waitMs = analysis.step_wait_s * 1000;
  const testedMs = (iterations ?? 0) * intervalS * 1000;
  return [
    ...(isAsked ? [{ kind: "prepare", weight: 0, waitMs: 0 } as const] : []),
    ...(mirror === undefined
      ? []
      : [{ kind: "mirror", weight: 0, waitMs: mirror.wait_s * 1000 } as const]),
    ...stepWeights(analysis).map((weight): Step => {
      return { kind: "weight", weight, waitMs: weight === 0 ? testedMs : waitMs };
    }),
  ];
}

/** Another one where the canary is another one. */
function checksumOf(service: PolicyService, { stable, canary }: PolicyRollout): string {
  const arms = service.arms.filter(({ name }) => name === stable || name === canary);
  const text = canonicalJson(arms.map(({ name, subset, labels }) => ({ name, subset, labels })));
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}

function isGuardEnforced(
  policy: Policy,
  service: PolicyService,
  { guard }: PolicyRollout,
): boolean {
  const modes = service.routes.map(({ mode }) => guard?.mode ?? mode ?? policy.settings.mode);
  return modes.includes("enforce");
}

function affinityOf({ session_affinity: affinity }: PolicyAnalysis): Affinity | undefined {
  if (affinity?.cookie !== undefined) {
    return { kind: "cookie", name: affinity.cookie, maxAgeS: affinity.max_age_s };
  }
  if (affinity?.header !== undefined) return { kind: "header", name: affinity.header };
  return undefined;
}

function armPlace(service: PolicyService, name: string, role: string): ArmPlace {
  const arm: PolicyArm | undefined = service.arms.find((one) => one.name === name);
  if (arm !== undefined) return { name, subset: arm.subset, labels: arm.labels };
  const names = service.arms.map((one) => one.name).join(", ");
  throw planError(
    `services.${service.name}.rollout.${role} = "${name}": no arm of the service`,
    `Its arms are ${names}.`,
  );
}

function planError(message: string, hint: string): GanglionError {
  return new GanglionError("E_ROLLOUT_PLAN", message, { hint, exitCode: ExitCode.badInput });
}
