// `ganglion inspect`: what is in an artifact, drawn; checked as the filter checks it, and by the filter.

import { ExitCode } from "../lib/errors";
import { readInput } from "../lib/input";
import { writeOutput } from "../lib/output";
import { paint, say, stdoutPaint } from "../lib/talk";
import { inspect, inspectionJson, isSound } from "../model-card/inspection";
import { inspectionText } from "../model-card/inspection-text";

export interface InspectOptions {
  /** Form of what is printed. */
  readonly output?: "text" | "json" | "html";
}

/**
 * @param file path of the artifact, `-` for standard input
 * @returns 79 when the artifact is well-formed and fails its self-test, or the filter refuses it
 * @throws GanglionError E_ARTIFACT_... when it is not well-formed
 */
export async function runInspect(file: string, options: InspectOptions = {}): Promise<ExitCode> {
  const inspection = await inspect(await readInput(file), file);
  const { output = "text" } = options;
  if (output === "json") {
    await writeOutput(`${JSON.stringify(inspectionJson(inspection), undefined, 2)}\n`, undefined);
  } else if (output === "html") {
    const { inspectionHtml } = await import("../model-card/inspection-html");
    await writeOutput(inspectionHtml(inspection), undefined);
  } else await writeOutput(inspectionText(inspection, stdoutPaint()), undefined);
  if (isSound(inspection)) return ExitCode.ok;
  say(`${paint.bad("self-test failed")}: the filter would refuse this artifact`);
  return ExitCode.findings;
}
