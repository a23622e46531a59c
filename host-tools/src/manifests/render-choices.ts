// What the command line may say beside a policy when objects are made of it, and what becomes of it:
// the same for rendering and for comparing.

import { canonicalJson, type PluginConfig, withEpoch, withModel } from "../config/plugin-config";
import { type CompiledPolicy, compilePolicy } from "../config/policy-compile";
import { parseIstioVersion } from "../config/policy-mesh";
import type { IstioVersion, Policy } from "../config/policy";
import { validConfig } from "../config/validate";
import { ExitCode, GanglionError } from "../lib/errors";
import { readFilterModule } from "../lib/filter-module";
import { inputName, readInput, readTextInput } from "../lib/input";
import { say } from "../lib/talk";
import { readModels } from "../model/bundle";
import { checkWithFilter } from "../istio/filter-check";
import { filterImage, filterKind, type FilterImage, type KindChoice } from "../istio/filter-object";
import type { ManifestChoices } from "./manifests";

export interface RenderChoices {
  readonly kind: KindChoice;
  readonly istioVersion?: string;
  readonly image?: string;
  /** Path of an artifact. */
  readonly model?: string;
  readonly epoch?: number;
}

/** What is said of the policy itself as well. */
export interface PolicyChoices extends RenderChoices {
  /** The policy; `-` for standard input. */
  readonly file: string;
  /** Over the one in the policy. */
  readonly namespace?: string;
}

/**
 * The policy and its configuration, with what the command line says over them.
 *
 * @throws GanglionError E_INPUT, E_POLICY, E_CONFIG and what is wrong with an artifact
 */
export async function chosenPolicy(choices: PolicyChoices): Promise<CompiledPolicy> {
  const { file, namespace } = choices;
  const { policy, config } = compilePolicy(await readTextInput(file), inputName(file), {
    namespace,
  });
  return { policy, config: await completeConfig(config, choices) };
}

async function completeConfig(config: PluginConfig, choices: RenderChoices): Promise<PluginConfig> {
  let complete = config;
  if (choices.epoch !== undefined) complete = withEpoch(complete, choices.epoch);
  if (choices.model === undefined) return validConfig(complete);
  const artifact = await readInput(choices.model);
  readModels(artifact);
  complete = validConfig(withModel(complete, artifact));
  checkWithFilter(await readFilterModule(), canonicalJson(complete));
  return complete;
}

/** @throws GanglionError E_ISTIO_VERSION, E_KIND, E_IMAGE_MISSING, E_IMAGE_REFERENCE */
export function manifestChoices(policy: Policy, choices: RenderChoices): ManifestChoices {
  const istio = istioVersion(policy, choices);
  return { kind: filterKind(choices.kind, istio), image: chosenImage(policy, choices), istio };
}

function istioVersion(policy: Policy, choices: RenderChoices): IstioVersion {
  if (choices.istioVersion === undefined) return policy.mesh.istio;
  const version = parseIstioVersion(choices.istioVersion);
  if (version !== undefined) return version;
  throw new GanglionError(
    "E_ISTIO_VERSION",
    `--istio-version ${choices.istioVersion} is no version such as 1.29, 1.24 or newer`,
    { exitCode: ExitCode.usage },
  );
}

function chosenImage(policy: Policy, choices: RenderChoices): FilterImage {
  const reference = choices.image ?? policy.mesh.image;
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
