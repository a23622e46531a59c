// `ganglion train`: traffic to an artifact and its card. Prints the artifact's digest and place;
// progress goes to stderr. The same traffic, options and seed give the same bytes.

import { createHash } from "node:crypto";
import { ExitCode, GanglionError } from "../lib/errors";
import { readLooseText } from "../lib/input";
import { STDOUT, writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { encodeArtifact } from "../model/artifact";
import { artifactName } from "../model/artifact-name";
import { writeModelCard } from "../model-card/card-file";
import { measureScorer } from "../model-card/measure-scorer";
import { SYNTHETIC, trafficFacts } from "../model-card/traffic-facts";
import { trainingFacts } from "../model-card/training-facts";
import type { BuildOptions, BuiltModel, TrainedArchitecture } from "../training/build-model";
import { DEFAULT_RECIPE } from "../training/default-model";
import type { TrainingProgress } from "../training/fit";
import { trainModel } from "../training/train-model";

/** Where the shipped model stands in a checkout. */
export const DEFAULT_MODEL_FILE = "wasmplugin/models/default.gngl";

export interface TrainOptions {
  /** `synthetic`, or a file of recorded traffic, `-` for standard input. */
  readonly from?: string;
  readonly seed?: number;
  readonly architecture?: TrainedArchitecture;
  /** Most optimiser steps. */
  readonly steps?: number;
  /** Width of the hidden state; of a linear model its components. */
  readonly hidden?: number;
  /** Threads that share a batch; any number gives the same bytes. */
  readonly threads?: number;
  readonly name?: string;
  readonly modelVersion?: number;
  /** Place of the artifact; `-` for standard output. */
  readonly output?: string;
  /** Rebuild the shipped model: its recipe and no other option, into its place. */
  readonly default?: boolean;
  /** Measure detection and false alarms for the card; takes some seconds. */
  readonly measure?: boolean;
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
  const from = options.default ? SYNTHETIC : (options.from ?? SYNTHETIC);
  const recorded = from === SYNTHETIC ? undefined : await readLooseText(from);
  say(
    `training ${recipe.name} version ${recipe.modelVersion}: ${recipe.architecture} of ` +
      `${recipe.hidden}, seed ${recipe.seed}, ${from} traffic`,
  );
  const started = performance.now();
  const { threads } = options;
  const built = trainModel(recorded, { ...recipe, threads, onProgress: tellProgress });
  const bytes = encodeArtifact(built.artifact);
  tellResult(built, bytes, performance.now() - started);
  if (!options.dryRun) {
    await writeOutput(bytes, output);
    await writeModelCard(output!, bytes, {
      data: trafficFacts(from, recorded, recipe.seed, built.data),
      ...trainingFacts(recipe, built),
      ...(options.measure ? measureScorer(built.artifact, say) : {}),
    });
  }
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
    architecture: options.architecture ?? DEFAULT_RECIPE.architecture,
    steps: options.steps ?? DEFAULT_RECIPE.steps,
    hidden: options.hidden ?? DEFAULT_RECIPE.hidden,
    modelVersion: options.modelVersion ?? 1,
  };
}

function tellProgress({ step, steps, loss, validationLoss, rounded }: TrainingProgress): void {
  const phase = rounded ? "  rounded weights" : "";
  say(
    `step ${step}/${steps}  loss ${loss.toFixed(4)}  validation ${validationLoss.toFixed(4)}${phase}`,
  );
}

function tellResult(built: BuiltModel, bytes: Uint8Array, elapsedMs: number): void {
  const { artifact, outcome } = built;
  const { inputs, hidden, outputs } = artifact;
  const kept =
    outcome === undefined
      ? "fitted"
      : `kept step ${outcome.bestStep} (validation ${outcome.validationLoss.toFixed(4)})`;
  say(`${kept}; ${inputs} inputs, ${hidden} hidden, ${outputs} outputs, ${bytes.length} bytes`);
  say(
    `learnt from ${built.trainingRequests} requests, calibrated on ${built.calibrationRequests}, ` +
      `in ${(elapsedMs / 1000).toFixed(1)} s`,
  );
}
