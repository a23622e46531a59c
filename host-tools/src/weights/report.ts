// What a change and the state of the proxies look like in text and in JSON.

import { canonicalJson } from "../config/plugin-config";
import { objectName } from "../cluster";
import { ExitCode } from "../lib/errors";
import { paint, say } from "../lib/talk";
import type { Changed } from "./change-weights";
import type { Outcome } from "./effective-change";
import type { FileChange } from "./file-change";
import { isUndecided } from "./effect";
import type { FleetState, ProxyState } from "./fleet";
import type { ProxyReading } from "./metrics-page";
import { artifactDigest, artifactVersion, liveGeneration } from "./generation";

/** Says what came out, and gives the exit status of it. */
export function sayOutcome(outcome: Outcome): ExitCode {
  const { changed } = outcome;
  sayChange(changed);
  const { epoch } = changed.generation;
  switch (outcome.result) {
    case "dry-run":
      say("dry run: nothing written");
      return ExitCode.ok;
    case "applied":
      say(`applied as epoch ${epoch}; the proxies were not asked (--wait 0)`);
      return ExitCode.ok;
    case "effective":
      sayWithout(outcome.state);
      say(
        paint.good("effective") +
          `: ${count(outcome.state)} run epoch ${epoch}, after ${outcome.elapsedMs} ms`,
      );
      sayShadow(changed);
      return ExitCode.ok;
    case "superseded":
      say(paint.bad("superseded") + `: a newer epoch than ${epoch} was applied meanwhile`);
      return ExitCode.inconclusive;
    case "not-effective":
      say(paint.bad("NOT EFFECTIVE") + ` after ${outcome.elapsedMs} ms, epoch ${epoch}:`);
      sayProxies(outcome.state);
      return ExitCode.inconclusive;
    case "reverted":
      say(paint.bad("NOT EFFECTIVE") + `, epoch ${epoch}:`);
      sayProxies(outcome.state);
      sayChange(outcome.reverted);
      say(
        `reverted as epoch ${outcome.reverted.generation.epoch}` +
          (outcome.afterwards.effective ? ", and every proxy runs it" : ", NOT EFFECTIVE either:"),
      );
      if (!outcome.afterwards.effective) sayProxies(outcome.afterwards);
      return outcome.afterwards.effective ? ExitCode.rolledBack : ExitCode.inconclusive;
  }
}

/** What a model in shadow, or one that is let out of it, depends on. */
function sayShadow({ change, generation, config }: Changed): void {
  const { artifact, modelMode } = generation;
  if (artifact === undefined || (modelMode !== "shadow" && change !== "promote")) return;
  const acts = (config.routes ?? []).some(
    ({ anomaly }) => anomaly?.sequence === "act" || anomaly?.content === "act",
  );
  if (!acts) {
    say("no route lets a model act: set sequence or content of its anomaly to act, in the policy");
  } else if (modelMode === "shadow") {
    say('in shadow: ganglion_verdicts_total{enforced="false"} counts what the model would do;');
    say("`ganglion weights promote` lets it act");
  }
}

/** Says what became of a file. */
export function sayFileChange(file: string, change: FileChange, dryRun: boolean): void {
  const { before, after } = change.patched;
  say(`${file}: ${change.patched.kind} ${change.patched.name}`);
  const { modelMode } = change.generation;
  sayRows([
    ["epoch", before.epoch ?? 0, after.epoch],
    ["model sha256", before.model?.sha256.slice(0, 12) ?? "none", after.model?.sha256.slice(0, 12)],
    ["model mode", before.model?.mode ?? "enforce", modelMode],
  ]);
  say(dryRun ? "dry run: nothing written" : "written; nothing was applied: commit the file");
  if (change.unrecorded === undefined) return;
  say(`warning: without a record in the history, \`rollback\` will not know this epoch`);
  say(`  ${change.unrecorded}`);
}

export function fileChangeJson(file: string, change: FileChange, dryRun: boolean): unknown {
  const { before, after } = change.patched;
  return {
    result: dryRun ? "dry-run" : "written",
    file,
    epoch_before: before.epoch ?? 0,
    epoch: after.epoch,
    sha256: after.model?.sha256,
    model_mode: change.generation.modelMode,
    recorded: !dryRun && change.unrecorded === undefined,
  };
}

/** The same for programs. */
export function outcomeJson(outcome: Outcome): unknown {
  const { changed, result } = outcome;
  return {
    result,
    object: objectName(changed.before.key),
    change: changed.change,
    epoch_before: changed.before.epoch,
    epoch: changed.generation.epoch,
    sha256: artifactDigest(changed.generation.artifact),
    model_version: artifactVersion(changed.generation.artifact),
    model_mode: changed.generation.modelMode,
    rounds: changed.rounds,
    ...("state" in outcome ? { elapsed_ms: outcome.elapsedMs, ...fleetJson(outcome.state) } : {}),
    ...(outcome.result === "reverted" ? { reverted_epoch: outcome.reverted.generation.epoch } : {}),
  };
}

/** Members of a report for programs: the proxies, and why no more is known of them. */
export function fleetJson({ proxies, remark }: FleetState): object {
  return { proxies: proxies.map(proxyJson), ...(remark === undefined ? {} : { remark }) };
}

function proxyJson({ name, effect, reading }: ProxyState): object {
  return {
    name,
    effective: effect.effective,
    epoch: runningEpoch(reading),
    ...(effect.effective ? {} : { cause: effect.cause, reason: effect.reason }),
    workers: [...(reading?.workers ?? [])].map(([worker, one]) => ({
      worker,
      epoch: one.epoch,
      model_version: one.modelVersion,
      config_error: one.configError,
      heartbeat_s: one.heartbeatS,
    })),
  };
}

/** The lowest epoch that a worker of the proxy reports; null where none does. */
function runningEpoch(reading: ProxyReading | undefined): number | null {
  const epochs = [...(reading?.workers.values() ?? [])].map(({ epoch }) => epoch);
  return epochs.length === 0 ? null : Math.min(...epochs);
}

/** One line per proxy. */
export function proxyLines(state: FleetState, colours = paint): string[] {
  const { proxies, without, remark } = state;
  const lines = proxies.map(({ name, effect }) => {
    if (effect.effective) return `  ${name}: ${colours.good(`ok, ${effect.vms} VMs`)}`;
    const { cause, reason } = effect;
    return `  ${name}: ${reason.startsWith(cause) ? reason : `${cause}: ${reason}`}`;
  });
  if (lines.length === 0) lines.push("  no proxy found: the selector takes no pod with a proxy");
  for (const pod of without) lines.push(`  ${pod}: ${colours.dim("no proxy in this pod")}`);
  if (remark !== undefined) lines.push(`  ${remark}`);
  else if (proxies.some(({ effect }) => isUndecided(effect))) lines.push(...ASK_ISTIOD);
  return lines;
}

const ASK_ISTIOD = [
  "  istiod knows whether Envoy rejected it, and in which words:",
  "    kubectl port-forward -n istio-system deploy/istiod 15014",
  "    ganglion weights status --istiod 127.0.0.1:15014",
];

export function sayProxies(state: FleetState): void {
  for (const line of proxyLines(state)) say(line);
}

/** `2 of 3 proxies`. */
export function count(state: FleetState): string {
  const good = state.proxies.filter(({ effect }) => effect.effective).length;
  const all = state.proxies.length;
  const noun = all === 1 ? "proxy" : "proxies";
  return good === all ? `${all} ${noun}` : `${good} of ${all} proxies`;
}

function sayWithout({ without }: FleetState): void {
  for (const pod of without) say(`  ${pod}: ${paint.dim("no proxy in this pod")}`);
}

function sayChange(changed: Changed): void {
  const old = liveGeneration(changed.before);
  const { generation } = changed;
  say(`${objectName(changed.before.key)}: ${changed.change}`);
  sayRows([
    ["epoch", old.epoch, generation.epoch],
    ["model version", artifactVersion(old.artifact), artifactVersion(generation.artifact)],
    ["model sha256", digest(old.artifact), digest(generation.artifact)],
    ["model bytes", old.artifact?.length ?? 0, generation.artifact?.length ?? 0],
    ["model mode", old.modelMode, generation.modelMode],
    ["VM generation", old.vmGeneration, generation.vmGeneration],
    [
      "config bytes",
      canonicalJson(changed.before.config).length,
      canonicalJson(changed.config).length,
    ],
  ]);
}

function sayRows(rows: readonly (readonly [string, unknown, unknown])[]): void {
  for (const [what, before, after] of rows) {
    say(`  ${what.padEnd(14)} ${before === after ? before : `${before} -> ${after}`}`);
  }
}

function digest(artifact: Uint8Array | undefined): string {
  return artifactDigest(artifact).slice(0, 12);
}
