// `ganglion rollout ...`: a canary against a cluster. What decides stands in host-tools/src/rollout;
// here are the cluster, the clock and the words.

import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { type Cluster, connectCluster, objectName } from "../cluster";
import { compilePolicy } from "../config/policy-compile";
import { yamlStream, yamlText } from "../istio/yaml-text";
import { ExitCode, GanglionError } from "../lib/errors";
import { inputName, readTextInput } from "../lib/input";
import { writeFileAtomically, writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { runRollout } from "../rollout/controller";
import type { CountSource } from "../rollout/count-source";
import type { GuardKill } from "../rollout/guard-kill";
import { objectOwner } from "../rollout/object-owner";
import { withProgress } from "../rollout/progress";
import { prometheusSource } from "../rollout/prometheus-source";
import { namedProxySource, podProxySource } from "../rollout/proxy-source";
import { type RolloutClock, RolloutLease } from "../rollout/rollout-lease";
import { type RolloutPlan, rolloutPlan } from "../rollout/rollout-plan";
import { markdownReport, rolloutReport, textReport } from "../rollout/rollout-report";
import { rolloutRoleObjects } from "../rollout/rollout-role";
import { isOver, type RolloutState } from "../rollout/rollout-state";
import { RolloutStore, type RolloutView } from "../rollout/rollout-store";
import { obey, type Order } from "../rollout/state-machine";
import { Webhooks } from "../rollout/webhooks";

export interface RolloutOptions {
  /** The policy; `-` for standard input. */
  readonly file: string;
  readonly namespace?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly output: ReportForm;
  /** A file for the report at the end, beside standard output. */
  readonly report?: string;
  readonly dryRun?: boolean;
  /** Begins although a GitOps controller owns the object. */
  readonly take?: boolean;
}
export type ReportForm = "text" | "json" | "markdown";

const systemClock: RolloutClock = {
  nowMs: () => Date.now(),
  sleep: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
};

/** `start` and `run`. */
export async function runRolloutForward(
  mode: "start" | "run",
  service: string,
  options: RolloutOptions,
): Promise<ExitCode> {
  const { plan, cluster, store } = await parts(service, options);
  if (options.dryRun) return describeFirst(plan, store);
  const isPastOwner = options.take === true;
  const hooks = plan.webhooks.length === 0 ? undefined : new Webhooks(plan, say);
  const stop = new AbortController();
  const interrupted = (): void => {
    if (stop.signal.aborted) process.exit(ExitCode.interrupted);
    say("interrupted: leaving the rollout as it is, `ganglion rollout run` goes on with it");
    stop.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupted);
  const identity = `${hostname()}-${process.pid}-${randomBytes(4).toString("hex")}`;
  const lease = new RolloutLease(cluster, plan, identity, systemClock);
  const source = countSource(plan, cluster);
  say(`counts from ${source.name}`);
  const clock = interruptible(systemClock, stop.signal);
  const state = await runRollout(
    { plan, store, lease, source, clock, say, signal: stop.signal, isPastOwner, hooks },
    newId(),
    mode,
  );
  await writeReport(plan, state, options);
  return exitCodeOf(state);
}

/** `status`. */
export async function runRolloutStatus(
  service: string,
  options: RolloutOptions,
): Promise<ExitCode> {
  const { plan, cluster, store } = await parts(service, options);
  const { view, state } = await known({ plan, cluster, store });
  const killed = await killedBy(countSource(plan, cluster));
  await writeReport(plan, state, options, killed);
  tellOtherWeight(store, view, state);
  return ExitCode.ok;
}

/** What the guards say; undefined where they cannot be asked, which is no reason to say nothing else. */
async function killedBy(source: CountSource): Promise<readonly GuardKill[] | undefined> {
  try {
    const { killed, faults } = await source.read();
    for (const fault of faults) say(`guard not read: ${fault}`);
    return killed;
  } catch (error) {
    if (!(error instanceof GanglionError)) throw error;
    say(`guard not read: ${error.message}`);
    return undefined;
  }
}

/** Somebody may have applied the object anew since: then what is told is not what traffic does. */
function tellOtherWeight(store: RolloutStore, view: RolloutView, state: RolloutState): void {
  if (store.weightIn(view) === store.weightFor(state)) return;
  const share = store.shareIn(view);
  say(`changed from outside: ${objectName(store.key)} gives the canary ${share} now`);
}

/** `pause`, `resume`, `abort`, `promote`: one write; a tool that runs the rollout sees it. */
export async function runRolloutOrder(
  order: Order,
  service: string,
  options: RolloutOptions,
): Promise<ExitCode> {
  const { plan, cluster, store } = await parts(service, options);
  const { view, state } = await known({ plan, cluster, store });
  const next = obey(plan, state, order, systemClock.nowMs());
  if (next === state) {
    say(`nothing to ${order}: rollout ${next.id} is ${next.phase.replace("_", " ")}`);
    return ExitCode.ok;
  }
  await store.write(view, next, options.dryRun === true);
  say(`${options.dryRun === true ? "dry run: " : ""}${next.reason}, weight ${next.weight}`);
  return ExitCode.ok;
}

/** `role`: what the tool needs, for an administrator to apply once; asks no cluster. */
export async function runRolloutRole(
  service: string,
  options: Pick<RolloutOptions, "file" | "namespace"> & { readonly account?: string },
): Promise<ExitCode> {
  const objects = rolloutRoleObjects(await planFor(service, options), options.account);
  await writeOutput(yamlStream(objects.map(yamlText)), undefined);
  return ExitCode.ok;
}

async function planFor(
  service: string,
  { file, namespace }: Pick<RolloutOptions, "file" | "namespace">,
): Promise<RolloutPlan> {
  const text = await readTextInput(file);
  return rolloutPlan(compilePolicy(text, inputName(file), { namespace }).policy, service);
}

interface Parts {
  readonly plan: RolloutPlan;
  readonly cluster: Cluster;
  readonly store: RolloutStore;
}

async function parts(service: string, options: RolloutOptions): Promise<Parts> {
  const { context, kubeconfig } = options;
  const plan = await planFor(service, options);
  const cluster = await connectCluster({ namespace: plan.namespace, context, kubeconfig });
  return { plan, cluster, store: new RolloutStore(cluster, plan) };
}

/** The rollout as it is written, with what was counted since; whoever runs it goes on meanwhile. */
async function known({ plan, cluster, store }: Parts): Promise<{
  readonly view: RolloutView;
  readonly state: RolloutState;
}> {
  const view = await store.read();
  if (view.state === undefined) throw noRollout(plan.service);
  const checked = await new RolloutLease(cluster, plan, "", systemClock).look();
  return { view, state: withProgress(view.state, checked) };
}

function countSource(plan: RolloutPlan, cluster: Cluster): CountSource {
  const { prometheus, proxies } = plan.metrics ?? {};
  if (prometheus !== undefined) return prometheusSource(plan, prometheus);
  return proxies === undefined ? podProxySource(plan, cluster) : namedProxySource(plan, proxies);
}

async function describeFirst(plan: RolloutPlan, store: RolloutStore): Promise<ExitCode> {
  const view = await store.read();
  say(`dry run: ${store.key.name} gives the canary ${store.shareIn(view)} now`);
  const owner = objectOwner(view.object);
  if (owner !== undefined) say(`${store.key.name} ${owner.says}`);
  for (const { kind, weight: share, waitMs } of plan.steps) {
    const what = kind === "mirror" ? `mirror ${plan.mirror?.percent} %` : `weight ${share} %`;
    say(`  ${what} for ${waitMs / 1000} s at least`);
  }
  return ExitCode.ok;
}

async function writeReport(
  plan: RolloutPlan,
  state: RolloutState,
  { output, report: file }: RolloutOptions,
  killed?: readonly GuardKill[],
): Promise<void> {
  const report = rolloutReport(plan, state, killed);
  const texts: Record<ReportForm, () => string> = {
    text: () => textReport(report),
    json: () => `${JSON.stringify(report, null, 2)}\n`,
    markdown: () => markdownReport(report),
  };
  await writeOutput(texts[output](), undefined);
  if (file === undefined) return;
  const isJson = file.endsWith(".json");
  await writeFileAtomically(file, isJson ? texts.json() : texts.markdown());
}

function exitCodeOf(state: RolloutState): ExitCode {
  if (!isOver(state)) return ExitCode.interrupted;
  if (state.phase === "completed") return ExitCode.ok;
  return state.phase === "rolled_back" ? ExitCode.rolledBack : ExitCode.inconclusive;
}

/** Sleeping ends with the signal, so that an interrupt is answered at once. */
function interruptible(clock: RolloutClock, signal: AbortSignal): RolloutClock {
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  return { ...clock, sleep: (ms) => Promise.race([clock.sleep(ms), stopped]) };
}

/** Sortable by time, and another one for each start. */
function newId(): string {
  const time = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  return `r${time}-${randomBytes(2).toString("hex")}`;
}

function noRollout(service: string): GanglionError {
  return new GanglionError("E_ROLLOUT_NONE", `${service} has no rollout`, {
    hint: "Begin one by `ganglion rollout start`.",
  });
}
