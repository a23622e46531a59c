// `ganglion replay`: recorded traffic through the filter, verdict by verdict.

import { ExitCode } from "../lib/errors";
import { readFilterModule } from "../lib/filter-module";
import { inputName, readInput, readTextInput } from "../lib/input";
import { writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { replayTraffic } from "../replay/replay";
import { replayConfig } from "../replay/replay-config";
import { ReplayOutput, type ReplayForm } from "../replay/replay-output";
import { readTrafficFile } from "../replay/traffic-file";

export interface ReplayCommandOptions {
  /** Path of a pluginConfig or a policy. */
  readonly config?: string;
  /** Path of an artifact. */
  readonly model?: string;
  readonly workers: number;
  readonly seed: number;
  readonly output: ReplayForm;
}

/**
 * @param file recorded traffic, `-` for standard input
 * @throws GanglionError for input that is not well-formed, or that the filter refuses
 */
export async function runReplay(file: string, options: ReplayCommandOptions): Promise<ExitCode> {
  const { config, model, workers, seed, output: form } = options;
  const pluginConfig = await replayConfig({
    text: config === undefined ? undefined : await readTextInput(config),
    file: inputName(config ?? ""),
    artifact: model === undefined ? undefined : await readInput(model),
  });
  const wasm = await readFilterModule();
  const requests = await readTrafficFile(file);
  const pieces: string[] = [];
  const output = new ReplayOutput(form, (piece) => void pieces.push(piece));
  const startMs = performance.now();
  replayTraffic(requests, { wasm, pluginConfig, workers, seed }, (request, verdict) => {
    output.add(request, verdict);
  });
  const seconds = (performance.now() - startMs) / 1000;
  output.end();
  for (const piece of pieces) await writeOutput(piece, undefined);
  const recordedS = requests[requests.length - 1]!.atMs / 1000;
  say(
    `${requests.length} requests of ${recordedS.toFixed(1)} s in ${seconds.toFixed(2)} s, ` +
      `${Math.round(requests.length / seconds)} a second`,
  );
  return ExitCode.ok;
}
