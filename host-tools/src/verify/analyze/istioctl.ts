// What `istioctl analyze` says of the same files, without a cluster. Its words and codes are its own:
// we run it and read its JSON.

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ExitCode, GanglionError } from "../../lib/errors";
import { findOnPath, isExecutable } from "../../rig/executable";
import { scratchDir } from "../../rig/process-guard";
import { runCommand } from "../../rig/run-command";

/** One message of istioctl. */
export interface AnalyzeMessage {
  /** E.g. `IST0109`. */
  readonly code: string;
  /** `Error`, `Warning` or `Info`. */
  readonly level: string;
  readonly message: string;
  /** `Kind namespace/name`, or `Kind name`; empty where it names no object. */
  readonly object: string;
  /** As istioctl writes it; empty where it names no file. */
  readonly file: string;
  /** Of the object, from 1; 0 where it names none. */
  readonly line: number;
}

interface RawMessage {
  readonly code: string;
  readonly level: string;
  readonly message: string;
  readonly origin?: string;
  readonly reference?: string;
}

const TIMEOUT_MS = 120_000;

/**
 * The executable: the named one, `$GANGLION_ISTIOCTL`, or `istioctl` on PATH.
 *
 * @throws GanglionError E_ISTIOCTL when there is none
 */
export function findIstioctl(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const told = named ?? (env["GANGLION_ISTIOCTL"] || undefined);
  if (told === undefined) {
    const found = findOnPath("istioctl", env);
    if (found !== undefined) return found;
  } else if (isExecutable(told)) {
    return told;
  }
  const where = told === undefined ? "on PATH" : `at ${told}`;
  throw new GanglionError("E_ISTIOCTL", `no istioctl ${where}`, {
    hint: "Name one with --istioctl FILE or in GANGLION_ISTIOCTL.",
    exitCode: ExitCode.usage,
  });
}

/**
 * Runs `istioctl analyze --use-kube=false` over texts, in files of ours so that standard input and
 * what a cluster answered are taken too. Objects without a namespace are taken to be in `namespace`.
 *
 * @throws GanglionError E_ISTIOCTL when it fails or answers in no form that we know
 */
export async function analyze(
  istioctl: string,
  texts: readonly { readonly name: string; readonly text: string }[],
  namespace = "default",
): Promise<AnalyzeMessage[]> {
  const dir = scratchDir("analyze");
  const files = texts.map((_, i) => join(dir, `${i}.yaml`));
  try {
    texts.forEach(({ text }, i) => writeFileSync(files[i] as string, text));
    const args = ["analyze", "--use-kube=false", "--all-namespaces", "--namespace", namespace];
    const options = ["--output", "json", "--ignore-unknown"];
    const result = await runCommand(istioctl, [...args, ...options, ...files], {
      timeoutMs: TIMEOUT_MS,
    });
    if (result.error || result.timedOut) {
      throw failure(result.error?.message ?? `took longer than ${TIMEOUT_MS / 1000} s`);
    }
    return parseMessages(result.stdout, result.stderr).map((message) => {
      const index = files.indexOf(message.file);
      return index < 0 ? message : { ...message, file: (texts[index] as { name: string }).name };
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** @throws GanglionError E_ISTIOCTL */
export function parseMessages(stdout: string, stderr = ""): AnalyzeMessage[] {
  const start = stdout.indexOf("[");
  if (start < 0) throw failure(stderr.trim().split("\n").at(-1) || "it printed nothing");
  let raw: readonly RawMessage[];
  try {
    raw = JSON.parse(stdout.slice(start)) as RawMessage[];
  } catch (cause) {
    throw failure("its output is no JSON", cause);
  }
  return raw.map(({ code, level, message, origin = "", reference = "" }) => {
    const place = /^(.*):(\d+)$/.exec(reference);
    return {
      code,
      level,
      message,
      object: origin,
      file: place?.[1] ?? reference,
      line: Number(place?.[2] ?? 0),
    };
  });
}

function failure(reason: string, cause?: unknown): GanglionError {
  return new GanglionError("E_ISTIOCTL", `istioctl analyze: ${reason}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Try the same by hand: istioctl analyze --use-kube=false --all-namespaces FILE...",
  });
}
