// `ganglion verify`: what is broken in Istio's configuration, proved by its own numbers.

import { ExitCode, GanglionError } from "../lib/errors";
import { errorReport } from "../lib/error-report";
import { readTextInput, STDIN } from "../lib/input";
import { writeOutput } from "../lib/output";
import { counted, paint, say, stdoutPaint } from "../lib/talk";
import { findIstioctl } from "../verify/analyze/istioctl";
import { analyzeBeside, withMessages, type Beside } from "../verify/analyze/report-beside";
import { unifiedDiff } from "../verify/fix/unified-diff";
import { chooseFixes, writeEdits } from "../verify/fix/write-fixes";
import { jsonReport } from "../verify/report/json-report";
import { sarifReport } from "../verify/report/sarif-report";
import { sequenceLine, timedSequences } from "../verify/report/sequence-report";
import { textReport } from "../verify/report/text-report";
import { readToldCalls } from "../verify/source/policy-calls";
import { readPaths, type Reading } from "../verify/source/read-files";
import { type Verdict, verifyObjects } from "../verify/verify";

export interface VerifyCommandOptions {
  readonly output?: "text" | "json" | "sarif" | "patch";
  /** Read the objects of a cluster, not files. */
  readonly cluster?: boolean;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly context?: string;
  readonly kubeconfig?: string;
  /** Policy file whose `calls` say who calls whom. */
  readonly policy?: string;
  readonly rule?: readonly string[];
  readonly ignore?: readonly string[];
  /** Write the corrections into the files. */
  readonly fix?: boolean;
  /** Run istioctl over the same input, too. */
  readonly analyze?: boolean;
  readonly istioctl?: string;
  /** Refused here: it belongs to the check of a running proxy. */
  readonly service?: string;
}

/** Kinds that Istio takes as well, and no rule reads. */
const GATEWAY_API = "gateway.networking.k8s.io";

/**
 * @param paths files and folders, `-` for standard input; by default the folder
 * @returns 79 with findings, 65 when a file could not be read or none holds an object, else 0
 * @throws GanglionError E_INPUT, E_RULE, E_POLICY_CALLS, E_VERIFY_USAGE
 */
export async function runVerify(
  paths: readonly string[],
  options: VerifyCommandOptions = {},
): Promise<ExitCode> {
  refuseContradictions(paths, options);
  const told =
    options.policy === undefined
      ? undefined
      : readToldCalls(options.policy, await readTextInput(options.policy));
  const reading = await readFrom(paths, options);
  for (const fault of reading.faults) for (const line of errorReport(fault).lines) say(line);
  const verdict = verifyObjects(reading.objects, {
    calls: told,
    ...(options.rule === undefined ? {} : { only: options.rule }),
    ...(options.ignore === undefined ? {} : { without: options.ignore }),
  });
  const beside = await besideOf(verdict, options);
  await writeOutput(reportOf(verdict, options, beside), undefined);
  tellSummary(verdict, reading, options);
  if (beside !== undefined) say(paint.dim(beside.summary));
  if (options.fix === true) await fixFiles(verdict);
  const isUnchecked = options.cluster !== true && verdict.mesh.objects.length === 0;
  if (reading.faults.length > 0 || isUnchecked) return ExitCode.badInput;
  return verdict.findings.length > 0 ? ExitCode.findings : ExitCode.ok;
}

async function readFrom(paths: readonly string[], options: VerifyCommandOptions): Promise<Reading> {
  if (options.cluster !== true) {
    return await readPaths(paths.length === 0 ? ["."] : paths, options.namespace ?? "default");
  }
  const { readCluster } = await import("../verify/source/read-cluster");
  return await readCluster(options);
}

/** What istioctl says, where it was asked for. */
async function besideOf(
  verdict: Verdict,
  { analyze = false, istioctl, namespace }: VerifyCommandOptions,
): Promise<Beside | undefined> {
  if (!analyze) return undefined;
  return await analyzeBeside(verdict, findIstioctl(istioctl), namespace);
}

function reportOf(
  verdict: Verdict,
  { output = "text" }: VerifyCommandOptions,
  beside: Beside | undefined,
): string {
  if (beside !== undefined) {
    if (output === "json") return withMessages(jsonReport(verdict), beside.messages);
    return [textReport(verdict, stdoutPaint()), beside.text].filter(Boolean).join("\n");
  }
  if (output === "json") return jsonReport(verdict);
  if (output === "sarif") return sarifReport(verdict);
  if (output === "patch") return unifiedDiff(chooseFixes(verdict.findings).edits);
  return textReport(verdict, stdoutPaint());
}

function tellSummary(
  verdict: Verdict,
  reading: Reading,
  { cluster = false, policy }: VerifyCommandOptions,
): void {
  const { findings, mesh, ignored } = verdict;
  const errors = findings.filter((finding) => finding.rule.severity === "error").length;
  const told =
    findings.length === 0
      ? paint.good("no findings")
      : paint.bad(`${counted(errors, "error")}, ${counted(findings.length - errors, "warning")}`);
  const aside = ignored === 0 ? "" : `, ${ignored} set aside by annotation`;
  const objects = counted(mesh.objects.length, "object");
  const place = cluster ? "the cluster" : counted(reading.files, "file");
  if (mesh.objects.length === 0) say(paint.bad(`nothing was checked: no object in ${place}`));
  else say(`${told} in ${objects} of ${place}${aside}`);
  if (reading.unread > 0) {
    const unread = counted(reading.unread, cluster ? "kind" : "file");
    say(paint.bad(`left out, because it could not be read: ${unread}`));
  }
  if (mesh.objects.length === 0) return;
  const strange = mesh.objects.filter(({ group }) => group === GATEWAY_API);
  if (strange.length > 0) {
    const kinds = [...new Set(strange.map(({ kind }) => kind))].sort().join(", ");
    say(
      paint.dim(`not judged: ${counted(strange.length, "object")} of the Gateway API (${kinds})`),
    );
  }
  const sources = [...new Set(mesh.calls.map((call) => call.source))];
  if (sources.length === 0) {
    const told = policy === undefined ? "name a policy with --policy" : `${policy} has no calls`;
    say(paint.dim(`no calls known: chains of timeouts and retries were not followed; ${told}`));
  } else {
    const shown = sources.slice(0, 3).join(", ") + (sources.length > 3 ? ", ..." : "");
    say(paint.dim(`${counted(mesh.calls.length, "call")} followed, known from ${shown}`));
  }
  for (const timed of timedSequences(verdict)) say(paint.dim(sequenceLine(timed)));
}

async function fixFiles(verdict: Verdict): Promise<void> {
  const { edits, made, postponed, without } = chooseFixes(verdict.findings);
  const files = await writeEdits(edits);
  say(`${counted(made.length, "finding")} corrected in ${counted(files, "file")}`);
  if (postponed.length > 0) {
    say(`${counted(postponed.length, "finding")} left, in lines that were corrected: run again`);
  }
  if (without.length > 0)
    say(`${counted(without.length, "finding")} without a patch: see the advice`);
}

function refuseContradictions(paths: readonly string[], options: VerifyCommandOptions): void {
  const { cluster = false, fix = false, allNamespaces = false } = options;
  if (cluster && paths.length > 0) throw usage("--cluster and files: read one or the other");
  if (cluster && fix) throw usage("--fix writes files; a cluster's objects are not written");
  if (!cluster && allNamespaces) throw usage("-A is for --cluster");
  const { analyze = false, istioctl, output = "text" } = options;
  if (analyze && !["text", "json"].includes(output)) {
    throw usage(`--analyze prints text or json, not ${output}`);
  }
  if (!analyze && istioctl !== undefined) throw usage("--istioctl is for --analyze");
  if (options.service !== undefined) throw usage("--service is for --admin");
  if (fix && paths.includes(STDIN)) throw usage("--fix cannot write standard input; use -o patch");
}

function usage(message: string): GanglionError {
  return new GanglionError("E_VERIFY_USAGE", message, {
    hint: "See `ganglion help verify`.",
    exitCode: ExitCode.usage,
  });
}
