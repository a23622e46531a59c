// `ganglion rollout rules | finish | retry`: what a rollout needs in files, for whoever commits them.

import { compilePolicy } from "../config/policy-compile";
import { connectCluster, objectName } from "../cluster";
import { unifiedDiff } from "../diff/line-diff";
import { virtualService } from "../istio/virtual-service";
import { yamlText } from "../istio/yaml-text";
import { ExitCode, GanglionError } from "../lib/errors";
import { inputName, readTextInput } from "../lib/input";
import { writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { type HttpRule, splitHttp } from "../rollout/canary-split";
import { type PolicyText, withCanaryAsStable, withRevision } from "../rollout/policy-edits";
import { type RolloutPlan, rolloutPlan } from "../rollout/rollout-plan";
import { RolloutStore, splitOf } from "../rollout/rollout-store";

export interface PolicyFileOptions {
  /** The policy; `-` for standard input. */
  readonly file: string;
  /** Where the result goes; standard output by default. */
  readonly toFile?: string;
}
interface ClusterFileOptions extends PolicyFileOptions {
  readonly namespace?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
}

/** `rules`: the VirtualService at a weight, for whoever commits each step; asks no cluster. */
export async function runRolloutRules(
  service: string,
  options: PolicyFileOptions & { readonly weight: number; readonly namespace?: string },
): Promise<ExitCode> {
  const { file, weight, namespace, toFile } = options;
  const text = await readTextInput(file);
  const { policy } = compilePolicy(text, inputName(file), { namespace });
  const plan = rolloutPlan(policy, service);
  const of = policy.services.find(({ name }) => name === service);
  if (of === undefined) throw new Error(`no service ${service} behind its plan`);
  const object = virtualService(of, policy);
  const spec = object.spec as { readonly http: readonly HttpRule[] };
  const split = { ...splitOf(plan, undefined), weight, testers: plan.testers, id: "rollout" };
  const http = splitHttp(spec.http, split);
  await writeOutput(yamlText({ ...object, spec: { ...spec, http } }), toFile);
  if (toFile !== undefined) say(`${toFile}: ${plan.canary.name} gets ${weight} %`);
  return ExitCode.ok;
}

/** `retry`: the policy with a new name for the next try. */
export async function runRolloutRetry(
  service: string,
  options: PolicyFileOptions,
): Promise<ExitCode> {
  const policy = await policyText(options.file);
  const revision = `try-${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}`;
  await writeChange(policy, withRevision(policy, service, revision), options);
  say(
    `the next try is ${revision}: render and apply the policy, then \`rollout start ${service}\``,
  );
  return ExitCode.ok;
}

/** `finish`: the policy in which the canary is the stable arm. */
export async function runRolloutFinish(
  service: string,
  options: ClusterFileOptions,
): Promise<ExitCode> {
  const { file, namespace, context, kubeconfig } = options;
  const policy = await policyText(file);
  const compiled = compilePolicy(policy.text, policy.file, { namespace });
  const plan = rolloutPlan(compiled.policy, service);
  const cluster = await connectCluster({ namespace: plan.namespace, context, kubeconfig });
  await checkFinished(plan, new RolloutStore(cluster, plan));
  await writeChange(policy, withCanaryAsStable(policy, service), options);
  const { stable, canary } = plan;
  say(
    `${canary.name} is the stable arm then. Render and apply it, this once with --force-conflicts: ` +
      `ganglion-rollout owns the rules. ${stable.name} stays an arm: take it out when its pods go.`,
  );
  return ExitCode.ok;
}

async function checkFinished(plan: RolloutPlan, store: RolloutStore): Promise<void> {
  const view = await store.read();
  const { state } = view;
  const isOurs = state?.stable === plan.stable.name && state.canary === plan.canary.name;
  if (isOurs && state.phase === "completed" && store.weightIn(view) === 100) return;
  const found = isOurs ? state.phase.replace("_", " ") : "not begun";
  throw new GanglionError(
    "E_ROLLOUT_UNFINISHED",
    `${objectName(store.key)}: the rollout of ${plan.canary.name} is ${found}, ` +
      `which gets ${store.shareIn(view)}`,
    { hint: "Finish what has completed: see `ganglion rollout status`, and `promote`." },
  );
}

async function policyText(file: string): Promise<PolicyText> {
  return { text: await readTextInput(file), file: inputName(file) };
}

async function writeChange(
  { text, file }: PolicyText,
  after: string,
  { toFile }: PolicyFileOptions,
): Promise<void> {
  if (toFile !== undefined) return writeOutput(after, toFile);
  await writeOutput(unifiedDiff(text, after, { before: file, after: `${file} (new)` }), undefined);
}
