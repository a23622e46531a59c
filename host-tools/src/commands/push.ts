// `ganglion push`: new weights into the pluginConfig of a rendered file. Against a file and not a
// cluster, because whoever keeps manifests in Git wants a diff to review. Everything is checked
// before a byte is written, last of all by the filter itself in the embedded host.

import { checkWithFilter } from "../istio/filter-check";
import { canonicalJson } from "../config/plugin-config";
import { patchWeights, type Patched } from "../istio/weights-patch";
import { ExitCode } from "../lib/errors";
import { readFilterModule } from "../lib/filter-module";
import { inputName, readTextInput, STDIN } from "../lib/input";
import { writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { modelVersionOf } from "../model/bundle";
import { readArtifact } from "../weights/read-artifact";

export interface PushOptions {
  /** Rendered YAML; `-` for standard input. */
  readonly file: string;
  /** Default: the file itself, standard output for standard input. */
  readonly output?: string;
  readonly name?: string;
  readonly epoch?: number;
  /** The model only counts what it would do. */
  readonly shadow?: boolean;
  /** Digest that the artifact must have. */
  readonly sha256?: string;
  readonly dryRun?: boolean;
}

/** @param model path of the artifact */
export async function runPush(model: string, options: PushOptions): Promise<ExitCode> {
  const artifact = await readArtifact(model, options.sha256);
  const text = await readTextInput(options.file);
  const patched = patchWeights({
    text,
    file: inputName(options.file),
    artifact,
    name: options.name,
    modelMode: options.shadow === true ? "shadow" : undefined,
    epoch: options.epoch,
  });
  checkWithFilter(await readFilterModule(), canonicalJson(patched.after));
  summarise(patched, artifact.length, modelVersionOf(artifact));
  if (options.dryRun) {
    say("dry run: nothing written");
    return ExitCode.ok;
  }
  const output = options.output ?? (options.file === STDIN ? undefined : options.file);
  await writeOutput(patched.text, output);
  return ExitCode.ok;
}

/** Old and new, side by side, for the reader and the commit message. */
function summarise(patched: Patched, sizeBytes: number, version: number): void {
  const old = patched.before.model;
  const oldBytes = old === undefined ? undefined : Buffer.from(old.base64, "base64");
  say(`${patched.kind}/${patched.name}`);
  const rows: [string, unknown, unknown][] = [
    ["model version", oldBytes === undefined ? "none" : oldVersion(oldBytes), version],
    ["model sha256", shortDigest(old?.sha256), shortDigest(patched.after.model?.sha256)],
    ["model mode", old?.mode ?? "enforce", patched.after.model?.mode ?? "enforce"],
    ["model bytes", oldBytes?.length ?? 0, sizeBytes],
    ["epoch", patched.before.epoch ?? 0, patched.after.epoch],
    ["config bytes", canonicalJson(patched.before).length, canonicalJson(patched.after).length],
  ];
  for (const [what, before, after] of rows) say(`  ${what.padEnd(14)} ${before} -> ${after}`);
}

function oldVersion(bytes: Buffer): number | string {
  try {
    return modelVersionOf(bytes);
  } catch {
    // The push replaces it; that it could not be read is all there is to say.
    return "unreadable";
  }
}

function shortDigest(digest: string | undefined): string {
  return digest === undefined ? "none" : digest.slice(0, 12);
}
