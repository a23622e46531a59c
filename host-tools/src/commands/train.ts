// `ganglion train`: traffic to an artifact. Prints the artifact's digest and place; progress goes
// to stderr. The same traffic, options and seed give the same bytes.

import { createHash } from "node:crypto";
import { ExitCode, GanglionError } from "../lib/errors";
import { readTextInput } from "../lib/input";
import { STDOUT, writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { encodeArtifact } from "../model/artifact";
import { artifactName } from "../model/artifact-name";
import type { BuildOptions, BuiltModel } from "../training/build-model";
import { DEFAULT_RECIPE } from "../training/default-model";
import { trainModel } from "../training/train-model";

/** Where the shipped model stands in a checkout. */
export const DEFAULT_MODEL_FILE = "wasmplugin/models/default.gngl";

export interface TrainOptions {
  /** `synthetic`, or a file of recorded traffic, `-` for standard input. */
  readonly from?: string;
  readonly seed?: number;
  /** Most optimiser steps. */
  readonly steps?: number;
  readonly hidden?: number;
  readonly name?: string;
  readonly modelVersion?: number;
  /** Place of the artifact; `-` for standard output. */
  readonly output?: string;
  /** Rebuild the shipped model: its recipe and no other option, into its place. */
  readonly default?: boolean;
  /** Train and report, write nothing. */
  readonly dryRun?: boolean;
}

/** @throws GanglionError E_TRAIN_OUTPUT, E_MODEL_NAME, and those of trainModel */
export async function runTrain(options: TrainOptions): Promise<ExitCode> {
  const output = options.output ?? (options.default ? DEFAULT_MODEL_FILE : undefined);
  if (output === undefined && !options.dryRun) {
    throw new GanglionError("E_TRAIN_OUTPUT", "nowhere to put the model", {
      hint: "Give -o FILE, -o - for standard output, or --dry-run.",
      exitCode: ExitCode.usage,
    });
  }
  const recipe = recipeOf(options);
  const from = options.default ? "synthetic" : (options.from ?? "synthetic");
  const recorded = from === "synthetic" ? undefined : await readTextInput(from);
  say(
    `training ${recipe.name} version ${recipe.modelVersion}: seed ${recipe.seed}, ${from} traffic`,
  );
  const started = performance.now();
  const built = trainModel(recorded, { ...recipe, onProgress: tellProgress });
  const bytes = encodeArtifact(built.artifact);
  tellResult(built, bytes, performance.now() - started);
  if (!options.dryRun) await writeOutput(bytes, output);
  if (output !== STDOUT) {
    const digest = createHash("sha256").update(bytes).digest("hex");
    await writeOutput(`${digest}  ${options.dryRun ? "(not written)" : output}\n`, undefined);
  }
  return ExitCode.ok;
}

function recipeOf(options: TrainOptions): BuildOptions {
  if (options.default) return DEFAULT_RECIPE;
  const name = artifactName(options.name ?? "ganglion");
  return {
    name,
    seed: options.seed ?? DEFAULT_RECIPE.seed,
    steps: options.steps ?? DEFAULT_RECIPE.steps,
    hidden: options.hidden ?? DEFAULT_RECIPE.hidden,
    modelVersion: options.modelVersion ?? 1,
  };
}

function tellProgress(progress: {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly validationLoss: number;
}): void {
  const { step, steps, loss, validationLoss } = progress;
  say(`step ${step}/${steps}  loss ${loss.toFixed(4)}  validation ${validationLoss.toFixed(4)}`);
}

function tellResult(built: BuiltModel, bytes: Uint8Array, elapsedMs: number): void {
  const { artifact, bestStep, validationLoss } = built;
  const { inputs, hidden, outputs } = artifact;
  say(
    `kept step ${bestStep} (validation ${validationLoss.toFixed(4)}); ${inputs} inputs, ` +
      `${hidden} hidden, ${outputs} outputs, ${bytes.length} bytes`,
  );
  say(
    `learnt from ${built.trainingRequests} requests, calibrated on ${built.calibrationRequests}, ` +
      `in ${(elapsedMs / 1000).toFixed(1)} s`,
  );
}
