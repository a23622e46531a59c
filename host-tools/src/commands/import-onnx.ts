// `ganglion import`: an LSTM or GRU trained elsewhere to an artifact, its score calibrated on the
// user's traffic. Prints the artifact's digest and place; talk goes to stderr.

import { createHash } from "node:crypto";
import { ExitCode, GanglionError } from "../lib/errors";
import { inputName, readInput, readLooseText } from "../lib/input";
import { STDOUT, writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import { encodeArtifact } from "../model/artifact";
import { artifactName } from "../model/artifact-name";
import { writeModelCard } from "../model-card/card-file";
import { measureScorer } from "../model-card/measure-scorer";
import type { CardFacts } from "../model-card/model-card";
import { SYNTHETIC, trafficFacts } from "../model-card/traffic-facts";
import { type BuiltImport, buildImport } from "../onnx/build-import";
import { outputText } from "../onnx/feature-names";
import { type ColumnMeaning, columnsOf, type OnnxUnit } from "../onnx/float-import";
import { type ImportedModel, importOnnx } from "../onnx/imported-model";
import { trainingData } from "../training/train-model";

export interface ImportCommandOptions {
  /** `synthetic`, or a file of recorded traffic, `-` for standard input. */
  readonly from: string;
  readonly inputs?: string;
  readonly outputs?: string;
  readonly unit?: OnnxUnit;
  readonly seed: number;
  readonly name: string;
  readonly modelVersion: number;
  /** Measure detection and false alarms for the card; takes some seconds. */
  readonly measure?: boolean;
  /** Place of the artifact; `-` for standard output. */
  readonly output?: string;
  /** Import and report, write nothing. */
  readonly dryRun?: boolean;
}

/** @throws GanglionError E_IMPORT_OUTPUT, E_MODEL_NAME, E_ONNX_..., and those of reading traffic */
export async function runImport(file: string, options: ImportCommandOptions): Promise<ExitCode> {
  const { output, dryRun = false, from, seed, measure = false } = options;
  if (output === undefined && !dryRun) {
    throw new GanglionError("E_IMPORT_OUTPUT", "nowhere to put the model", {
      hint: "Give -o FILE, -o - for standard output, or --dry-run.",
      exitCode: ExitCode.usage,
    });
  }
  artifactName(options.name);
  const imported = importOnnx(await readInput(file));
  const meaning = columnsOf(imported, options);
  tellModel(file, imported, meaning);
  const recorded = from === SYNTHETIC ? undefined : await readLooseText(from);
  const data = trainingData(recorded, seed);
  const built = buildImport(imported, meaning, data, options);
  const bytes = encodeArtifact(built.artifact);
  tellResult(built, bytes);
  if (!dryRun) {
    await writeOutput(bytes, output);
    await writeModelCard(output!, bytes, {
      data: trafficFacts(from, recorded, seed, data),
      ...modelFacts(imported, meaning, built),
      ...(measure ? measureScorer(built.artifact, say) : {}),
    });
  }
  if (output !== STDOUT) {
    const digest = createHash("sha256").update(bytes).digest("hex");
    await writeOutput(`${digest}  ${dryRun ? "(not written)" : output}\n`, undefined);
  }
  return ExitCode.ok;
}

function tellModel(file: string, imported: ImportedModel, { outputs, unit }: ColumnMeaning): void {
  const { layer, producer, opset, inputs } = imported;
  say(
    `${inputName(file)}: ${layer.architecture} of ${layer.hidden}, ${inputs} ${unit} inputs, ` +
      `${outputs.length} outputs; by ${producer}, operator set ${opset}`,
  );
}

function tellResult({ artifact, quantisation }: BuiltImport, bytes: Uint8Array): void {
  const { inputs, hidden, outputs } = artifact;
  const { median_error: median, worst_error: worst, requests } = quantisation;
  say(`${inputs} inputs, ${hidden} hidden, ${outputs} outputs, ${bytes.length} bytes`);
  say(
    `int8 against float over ${requests} requests: median error ${median}, worst ${worst} ` +
      "deviations",
  );
}

function modelFacts(
  { producer, opset, layer, inputs }: ImportedModel,
  { outputs, unit }: ColumnMeaning,
  { quantisation }: BuiltImport,
): Pick<CardFacts, "recipe" | "quantisation" | "limits"> {
  return {
    recipe: {
      imported_from: "ONNX",
      exported_by: producer,
      operator_set: opset,
      layer: `${layer.architecture} of ${layer.hidden} on ${inputs} ${unit} inputs`,
      outputs: outputs.map(outputText).join(", "),
    },
    quantisation,
    limits: [
      "What its weights learnt from is not known here; the traffic above only calibrated it.",
    ],
  };
}
