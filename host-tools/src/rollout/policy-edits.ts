// What a rollout asks for in the policy file: another try of a canary that a proxy has killed, and the
// canary as the stable arm after it has taken over. Every other byte of the file stays.

import { isMap, isScalar, isSeq, parseDocument, type Scalar, visit, type YAMLMap } from "yaml";
import { compileGuard } from "../config/compile-guard";
import { canonicalJson } from "../config/plugin-config";
import type { PolicyService } from "../config/policy";
import { compilePolicy } from "../config/policy-compile";
import { applyEdits, type Edit, memberMap, removeEdit, setEdit } from "../istio/yaml-edit";
import { ExitCode, GanglionError } from "../lib/errors";
import { type RolloutPlan, rolloutPlan } from "./rollout-plan";

/** A policy file. */
export interface PolicyText {
  readonly text: string;
  /** How complaints call it. */
  readonly file: string;
}

/**
 * The policy with a new name for the next try of the service's canary.
 *
 * @param revision of the filter's guard; one that no proxy has seen
 * @throws GanglionError E_POLICY, E_ROLLOUT_PLAN, E_ROLLOUT_EDIT
 */
export function withRevision(policy: PolicyText, serviceName: string, revision: string): string {
  const { service: before } = checkedPlan(policy, serviceName);
  const rollout = rolloutMap(policy, serviceName);
  const guard = memberMap(rollout, "guard");
  const edit =
    guard === undefined
      ? setEdit(policy.text, rollout, "guard", { revision })
      : setEdit(policy.text, guard, "revision", revision);
  const text = applyEdits(policy.text, [edit]);
  const { service: after } = checkedPlan({ ...policy, text }, serviceName);
  if (guardRules(after) !== guardRules(before)) throw unreadable(policy, serviceName);
  return text;
}

/**
 * The policy in which the canary is the stable arm: the default one, listed by routes in the other's place;
 * the section `rollout` goes.
 *
 * @throws GanglionError E_POLICY, E_ROLLOUT_PLAN, E_ROLLOUT_EDIT
 */
export function withCanaryAsStable(policy: PolicyText, serviceName: string): string {
  const { plan, service: before } = checkedPlan(policy, serviceName);
  const { stable, canary } = plan;
  const service = serviceMap(policy, serviceName);
  const arms = memberMap(service, "arms");
  if (arms === undefined) throw unreadable(policy, serviceName);
  const old = memberMap(arms, stable.name);
  const edits = [
    removeEdit(policy.text, service, "rollout"),
    old === undefined ? undefined : removeEdit(policy.text, old, "default"),
    defaultEdit(policy.text, arms, canary.name),
    ...listedEdits(service, stable.name, canary.name),
  ];
  const text = applyEdits(
    policy.text,
    edits.filter((edit) => edit !== undefined),
  );
  const { policy: edited } = compilePolicy(text, policy.file);
  const after = edited.services.find(({ name }) => name === serviceName);
  const isDone =
    after?.rollout === undefined &&
    after?.arms.find(({ isDefault }) => isDefault)?.name === canary.name &&
    armRules(after) === armRules(before);
  if (!isDone) throw unreadable(policy, serviceName);
  return text;
}

interface Planned {
  readonly plan: RolloutPlan;
  readonly service: PolicyService;
}

function checkedPlan({ text, file }: PolicyText, serviceName: string): Planned {
  const { policy } = compilePolicy(text, file);
  const plan = rolloutPlan(policy, serviceName);
  return {
    plan,
    service: policy.services.find(({ name }) => name === serviceName) as PolicyService,
  };
}

/** Of the guard, all but its revision: an edit leaves it, or has met an anchor. */
function guardRules(service: PolicyService): string {
  return canonicalJson({ ...compileGuard(service), id: "" });
}

/** Of the arms, all but which of them is the default one. */
function armRules({ arms }: PolicyService): string {
  return JSON.stringify(arms, (key, value: unknown) =>
    key === "isDefault" || key === "place" ? undefined : value,
  );
}

function serviceMap(policy: PolicyText, serviceName: string): YAMLMap {
  const document = parseDocument(policy.text);
  const root = isMap(document.contents) ? document.contents : undefined;
  const services = root && memberMap(root, "services");
  const service = services && memberMap(services, serviceName);
  if (service === undefined) throw unreadable(policy, serviceName);
  return service;
}

function rolloutMap(policy: PolicyText, serviceName: string): YAMLMap {
  const rollout = memberMap(serviceMap(policy, serviceName), "rollout");
  if (rollout === undefined) throw unreadable(policy, serviceName);
  return rollout;
}

function defaultEdit(text: string, arms: YAMLMap, name: string): Edit {
  const arm = memberMap(arms, name);
  if (arm === undefined) return setEdit(text, arms, name, { default: true });
  return setEdit(text, arm, "default", true);
}

/** The arm's name in the lists `arms` and `fallback` of the service and of its routes. */
function listedEdits(service: YAMLMap, from: string, to: string): Edit[] {
  const edits: Edit[] = [];
  visit(service, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !["arms", "fallback"].includes(String(key.value))) return undefined;
      for (const item of isSeq(value) ? value.items : []) {
        const range = isScalar(item) && item.value === from ? (item as Scalar).range : undefined;
        if (range) edits.push({ from: range[0], to: range[1], text: to });
      }
      return undefined;
    },
  });
  return edits;
}

function unreadable({ file }: PolicyText, serviceName: string): GanglionError {
  return new GanglionError(
    "E_ROLLOUT_EDIT",
    `${file}: services.${serviceName} is written in a way that cannot be edited here`,
    {
      hint: "Write it out, without anchors and merges, or change it by hand (docs/rollout.md).",
      exitCode: ExitCode.badInput,
    },
  );
}
