// `ganglion render`: a policy file to what a mesh or an Envoy applies. Writes nothing that the
// filter would refuse, and the same bytes for the same input: no time, no host, no random names.

import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, type PluginConfig } from "../config/plugin-config";
import type { Policy } from "../config/policy";
import { standaloneEnvoy } from "../envoy/standalone";
import { leftoverFiles } from "../manifests/leftover-files";
import { companionFiles, manifests } from "../manifests/manifests";
import { chosenPolicy, manifestChoices, type PolicyChoices } from "../manifests/render-choices";
import { yamlStream, yamlText } from "../istio/yaml-text";
import { ExitCode, GanglionError } from "../lib/errors";
import { STDOUT, writeFileAtomically, writeOutput } from "../lib/output";
import { say } from "../lib/talk";

export interface RenderOptions extends PolicyChoices {
  readonly target: "istio" | "envoy" | "config";
  /** Path of the module as a standalone Envoy sees it. */
  readonly wasm: string;
  /** A folder for istio, a file for the others; standard output by default. */
  readonly output?: string;
  readonly dryRun?: boolean;
  /** Remove files of an earlier render that the policy no longer gives. */
  readonly prune?: boolean;
}

/** A file to be written below the output folder, or the only document where there is no name. */
interface Rendered {
  readonly name: string;
  readonly text: string;
}

export async function runRender(options: RenderOptions): Promise<ExitCode> {
  const { policy, config } = await chosenPolicy(options);
  if (options.target === "istio") return writeManifests(policy, config, options);
  const text =
    options.target === "config"
      ? `${canonicalJson(config)}\n`
      : yamlText(standaloneEnvoy(policy, config, options.wasm));
  if (options.dryRun) {
    say(`would write ${Buffer.byteLength(text)} bytes to ${outputName(options.output)}`);
    return ExitCode.ok;
  }
  await writeOutput(text, options.output);
  return ExitCode.ok;
}

async function writeManifests(
  policy: Policy,
  config: PluginConfig,
  options: RenderOptions,
): Promise<ExitCode> {
  const list = manifests(policy, config, manifestChoices(policy, options));
  const objects = list.map(({ file, object }) => ({ name: file, text: yamlText(object) }));
  if (options.output === undefined || options.output === STDOUT) {
    if (options.dryRun) sayFiles(objects, STDOUT);
    else await writeOutput(yamlStream(objects.map(({ text }) => text)), undefined);
    return ExitCode.ok;
  }
  await refuseFile(options.output);
  const companions = companionFiles(list, policy).map(([name, text]) => ({ name, text }));
  const files = [...objects, ...companions];
  if (options.dryRun) sayFiles(files, options.output);
  else {
    for (const { name, text } of files) await writeFileAtomically(join(options.output, name), text);
    say(`wrote ${files.length} files to ${options.output}`);
  }
  await clearLeftovers(options.output, files, options);
  return ExitCode.ok;
}

/** Several objects go into a folder; a file of the name may be one that somebody means to keep. */
async function refuseFile(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || found.isDirectory()) return;
  throw new GanglionError("E_OUTPUT", `-o ${folder} names a file, expected a folder`, {
    hint: "Name a folder, or leave -o out and redirect standard output.",
    exitCode: ExitCode.usage,
  });
}

/** What an earlier render wrote and this one does not is removed on demand, and told in any case. */
async function clearLeftovers(
  folder: string,
  files: readonly Rendered[],
  { prune = false, dryRun = false }: RenderOptions,
): Promise<void> {
  const kept = files.map(({ name }) => name);
  for (const name of await leftoverFiles(folder, kept)) {
    const place = join(folder, name);
    if (!prune) say(`warning: ${place} is no longer rendered; remove it, or use --prune`);
    else if (dryRun) say(`would remove ${place}`);
    else {
      await rm(place);
      say(`removed ${place}`);
    }
  }
}

function sayFiles(files: readonly Rendered[], folder: string): void {
  for (const { name, text } of files) {
    say(`would write ${Buffer.byteLength(text)} bytes to ${outputName(folder)}: ${name}`);
  }
}

function outputName(output: string | undefined): string {
  return output === undefined || output === STDOUT ? "standard output" : output;
}
