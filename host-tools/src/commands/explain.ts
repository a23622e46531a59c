// `ganglion explain decision`: why the filter decided as it did about one recorded request.

import type { PluginConfig } from "../config/plugin-config";
import { ExitCode } from "../lib/errors";
import { readFilterModule } from "../lib/filter-module";
import { inputName, readInput, readTextInput } from "../lib/input";
import { writeOutput } from "../lib/output";
import { readShippedContent } from "../lib/shipped-model";
import { stdoutPaint } from "../lib/talk";
import { type BundleModels, readModels } from "../model/bundle";
import { readTrafficFile } from "../replay/traffic-file";
import { replayConfig } from "../replay/replay-config";
import { explainDecision } from "../explain/explain-decision";
import { explanationText } from "../explain/explanation-text";

export interface ExplainDecisionOptions {
  /** Number from 1, x-request-id, or a line of a decision log; undefined: the highest score. */
  readonly request?: string;
  /** Path of a pluginConfig or a policy. */
  readonly config?: string;
  /** Path of an artifact. */
  readonly model?: string;
  /** Path of a content artifact where the configuration has none; undefined: the one that ships. */
  readonly content?: string;
  readonly seed: number;
  readonly output: "text" | "json";
}

/**
 * @param file recorded traffic, `-` for standard input
 * @throws GanglionError for input that is not well-formed, or that the filter refuses
 */
export async function runExplainDecision(
  file: string,
  options: ExplainDecisionOptions,
): Promise<ExitCode> {
  const { config, model, content, seed, output } = options;
  const pluginConfig = await replayConfig({
    text: config === undefined ? undefined : await readTextInput(config),
    file: inputName(config ?? ""),
    artifact: model === undefined ? undefined : await readInput(model),
  });
  const { model: carried } = JSON.parse(pluginConfig) as PluginConfig;
  const models: BundleModels =
    carried === undefined ? { scorers: [] } : readModels(Buffer.from(carried.base64, "base64"));
  const explanation = explainDecision({
    requests: await readTrafficFile(file),
    which: options.request,
    wasm: await readFilterModule(),
    pluginConfig,
    models,
    otherContent: models.content === undefined ? await readContent(content) : undefined,
    seed,
  });
  const text =
    output === "json"
      ? `${JSON.stringify(explanation, undefined, 2)}\n`
      : explanationText(explanation, stdoutPaint());
  await writeOutput(text, undefined);
  return ExitCode.ok;
}

/** @param file undefined for the one that ships */
async function readContent(file: string | undefined) {
  const { decodeContent } = await import("../content/content-artifact");
  return decodeContent(file === undefined ? await readShippedContent() : await readInput(file));
}
