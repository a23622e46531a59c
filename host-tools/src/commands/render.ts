// `ganglion render`: a policy file to what a mesh or an Envoy applies. Writes nothing that the
// filter would refuse, and the same bytes for the same input: no time, no host, no random names.

import { join } from "node:path";
import { compilePolicy } from "../config/policy-compile";
import { canonicalJson, type PluginConfig, withEpoch, withModel } from "../config/plugin-config";
import { parseIstioVersion } from "../config/policy-mesh";
import type { IstioVersion, Policy } from "../config/policy";
import { validConfig } from "../config/validate";
import { standaloneEnvoy } from "../envoy/standalone";
import { filterImage, filterKind, type FilterImage, type KindChoice } from "../istio/filter-object";
import { checkWithFilter } from "../istio/filter-check";
import { companionFiles, manifests } from "../istio/manifests";
import { yamlStream, yamlText } from "../istio/yaml-text";
import { ExitCode, GanglionError } from "../lib/errors";
import { readFilterModule } from "../lib/filter-module";
import { inputName, readInput, readTextInput } from "../lib/input";
import { STDOUT, writeFileAtomically, writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { readModels } from "../model/bundle";

export interface RenderOptions {
  /** The policy; `-` for standard input. */
  readonly file: string;
  readonly target: "istio" | "envoy" | "config";
  readonly kind: KindChoice;
  readonly istioVersion?: string;
  readonly image?: string;
  /** Path of an artifact. */
  readonly model?: string;
  readonly epoch?: number;
  /** Path of the module as a standalone Envoy sees it. */
  readonly wasm: string;
  /** A folder for istio, a file for the others; standard output by default. */
  readonly output?: string;
  readonly dryRun?: boolean;
}

/** A file to be written below the output folder, or the only document where there is no name. */
interface Rendered {
  readonly name: string;
  readonly text: string;
}

export async function runRender(options: RenderOptions): Promise<ExitCode> {
  const name = inputName(options.file);
  const { policy, config } = compilePolicy(await readTextInput(options.file), name);
  const complete = await completeConfig(config, options);
  if (options.target === "istio") return writeManifests(policy, complete, options);
  const text =
    options.target === "config"
      ? `${canonicalJson(complete)}\n`
      : yamlText(standaloneEnvoy(policy, complete, options.wasm));
  if (options.dryRun) {
    say(`would write ${Buffer.byteLength(text)} bytes to ${outputName(options.output)}`);
    return ExitCode.ok;
  }
  await writeOutput(text, options.output);
  return ExitCode.ok;
}

async function completeConfig(config: PluginConfig, options: RenderOptions): Promise<PluginConfig> {
  let complete = config;
  if (options.epoch !== undefined) complete = withEpoch(complete, options.epoch);
  if (options.model === undefined) return validConfig(complete);
  const artifact = await readInput(options.model);
  readModels(artifact);
  complete = validConfig(withModel(complete, artifact));
  checkWithFilter(await readFilterModule(), canonicalJson(complete));
  return complete;
}

async function writeManifests(
  policy: Policy,
  config: PluginConfig,
  options: RenderOptions,
): Promise<ExitCode> {
  const kind = filterKind(options.kind, istioVersion(policy, options));
  const list = manifests(policy, config, { kind, image: chosenImage(policy, options) });
  const objects = list.map(({ file, object }) => ({ name: file, text: yamlText(object) }));
  if (options.output === undefined || options.output === STDOUT) {
    if (options.dryRun) sayFiles(objects, STDOUT);
    else await writeOutput(yamlStream(objects.map(({ text }) => text)), undefined);
    return ExitCode.ok;
  }
  const companions = companionFiles(list, policy).map(([name, text]) => ({ name, text }));
  const files = [...objects, ...companions];
  if (options.dryRun) {
    sayFiles(files, options.output);
    return ExitCode.ok;
  }
  for (const { name, text } of files) await writeFileAtomically(join(options.output, name), text);
  say(`wrote ${files.length} files to ${options.output}`);
  return ExitCode.ok;
}

function sayFiles(files: readonly Rendered[], folder: string): void {
  for (const { name, text } of files) {
    say(`would write ${Buffer.byteLength(text)} bytes to ${outputName(folder)}: ${name}`);
  }
}

function outputName(output: string | undefined): string {
  return output === undefined || output === STDOUT ? "standard output" : output;
}

function istioVersion(policy: Policy, options: RenderOptions): IstioVersion {
  if (options.istioVersion === undefined) return policy.mesh.istio;
  const version = parseIstioVersion(options.istioVersion);
  if (version !== undefined) return version;
  throw new GanglionError(
    "E_ISTIO_VERSION",
    `--istio-version ${options.istioVersion} is no version such as 1.29, 1.24 or newer`,
    { exitCode: ExitCode.usage },
  );
}

function chosenImage(policy: Policy, options: RenderOptions): FilterImage {
  const reference = options.image ?? policy.mesh.image;
  if (reference === undefined) {
    throw new GanglionError(
      "E_IMAGE_MISSING",
      "no image: neither --image nor mesh.image is given",
      {
        hint: "`ganglion pack --push HOST/NAME:TAG` prints the reference to put there.",
        exitCode: ExitCode.usage,
      },
    );
  }
  const image = filterImage(reference);
  if (image.sha256 === undefined) {
    say(`warning: ${reference} has no digest; whoever can move the tag changes every proxy`);
  }
  return image;
}
