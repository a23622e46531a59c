// What configuration a replay runs: a policy, a compiled pluginConfig, or none, which is a filter that scores
// everything and touches nothing.

import { canonicalJson, withModel, type PluginConfig } from "../config/plugin-config";
import { compilePolicy } from "../config/policy-compile";
import { validConfig } from "../config/validate";
import { ExitCode, GanglionError } from "../lib/errors";
import { readModels } from "../model/bundle";
import { readShippedBundle } from "../model/shipped-bundle";

/** Without a policy the model acts too: a recording is often shorter than the statistics' first minute. */
const EVERY_LAYER = { name: "all", anomaly: { sequence: "act" } } as const;

export interface ReplayConfigInput {
  /** Text of a policy or of a pluginConfig; undefined for none. */
  readonly text?: string | undefined;
  /** How messages call it. */
  readonly file: string;
  /** An artifact to run instead of the configuration's own, or of the shipped one. */
  readonly artifact?: Uint8Array | undefined;
}

/**
 * The pluginConfig to replay with, as canonical JSON. Scores and reasons are always exposed, because they
 * are what a replay shows; that changes no decision. A policy gets the shipped model; a pluginConfig
 * keeps what it has.
 *
 * @throws GanglionError E_POLICY, E_CONFIG..., E_ARTIFACT_..., E_REPLAY_CONFIG
 */
export async function replayConfig(input: ReplayConfigInput): Promise<string> {
  const { text, file, artifact } = input;
  const isCompiled = text?.trimStart().startsWith("{") ?? false;
  let config: PluginConfig;
  if (text === undefined) config = { version: 1, mode: "shadow", routes: [EVERY_LAYER] };
  else if (isCompiled) config = validConfig(parseJson(text, file));
  else config = compilePolicy(text, file).config;
  config = { ...config, expose: "always" };
  if (artifact !== undefined) {
    readModels(artifact);
    return canonicalJson(withModel(config, artifact));
  }
  if (isCompiled) return canonicalJson(config);
  return canonicalJson(withModel(config, await readShippedBundle()));
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new GanglionError("E_REPLAY_CONFIG", `${file} is no JSON: ${(cause as Error).message}`, {
      cause,
      hint: "What begins with `{` is read as pluginConfig; a policy begins with `version:`.",
      exitCode: ExitCode.badInput,
    });
  }
}
