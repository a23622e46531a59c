// `ganglion evaluate`: which architecture and which layers are worth having. Trains every
// architecture, runs each layer over labelled faults and healthy traffic, and prints one table for
// all at equal false alarms. Progress goes to stderr.

import type { Evaluation } from "../evaluation/evaluation";
import { ExitCode } from "../lib/errors";
import { readFilterModule } from "../lib/filter-module";
import { readLooseText } from "../lib/input";
import { writeOutput } from "../lib/output";
import { readShippedContent, readShippedModel } from "../lib/shipped-model";
import { say } from "../lib/talk";

export interface EvaluateOptions {
  /** `synthetic`, or a file of recorded traffic, `-` for standard input. */
  readonly from: string;
  readonly seed: number;
  /** Minutes of each kind of healthy traffic. */
  readonly healthyMinutes: number;
  /** Episodes of each fault at each intensity. */
  readonly repeats: number;
  /** Allowed per hour and key. */
  readonly falseAlarms: number;
  readonly hidden: number;
  readonly steps: number;
  /** Form of what is printed. */
  readonly output: "text" | "json" | "csv" | "html";
}

/** @throws GanglionError E_LAB_MODULE, E_TRAFFIC_LINE and the like of training */
export async function runEvaluate(options: EvaluateOptions): Promise<ExitCode> {
  const { from, healthyMinutes, falseAlarms, output, ...rest } = options;
  const { readLabModule } = await import("../evaluation/lab-modules");
  const { evaluate } = await import("../evaluation/evaluation");
  const modules = {
    filter: await readFilterModule(),
    filterModel: await readShippedModel(),
    model: await readLabModule("model"),
    content: await readLabModule("content"),
    contentModel: await readShippedContent(),
  };
  const recorded = from === "synthetic" ? undefined : await readLooseText(from);
  const started = performance.now();
  const evaluation = evaluate({
    ...rest,
    healthyHours: healthyMinutes / 60,
    perHour: falseAlarms,
    recorded,
    modules,
    say,
  });
  say(`done in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  await writeOutput(await render(evaluation, output), undefined);
  return ExitCode.ok;
}

async function render(evaluation: Evaluation, form: EvaluateOptions["output"]): Promise<string> {
  if (form === "json") return `${JSON.stringify(evaluation, undefined, 2)}\n`;
  if (form === "html") {
    return (await import("../evaluation/evaluation-html")).evaluationHtml(evaluation);
  }
  const { evaluationCsv, evaluationText } = await import("../evaluation/evaluation-text");
  return form === "csv" ? evaluationCsv(evaluation) : evaluationText(evaluation);
}
