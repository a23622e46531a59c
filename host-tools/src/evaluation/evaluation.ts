// One table for all architectures and one for every subset of the layers: models trained alike, run
// by the filter's own code over the fault suite's traffic, alarms at the same false alarms per hour
// and key. Figures of one seed; another seed gives other traffic and other models.

import { ContentLab } from "../content/content-lab";
import { compareDetector, type Comparison, healthyKeyHours } from "../faults/compare";
import { runEmbeddedSuite } from "../faults/embedded-run";
import { FAULT_CLASSES, type FaultClass } from "../faults/fault-class";
import { scoreOf } from "../faults/judge";
import { faultScenario, HEALTHY_KINDS, healthyScenario } from "../faults/make-scenario";
import { suiteConfig } from "../faults/suite-config";
import { SUITE_ROUTES } from "../faults/suite-routes";
import type { SuiteRun } from "../faults/suite-run";
import { encodeArtifact } from "../model/artifact";
import { describeArtifact } from "../model/describe-artifact";
import { ModelLab } from "../model/model-lab";
import { type BuildData, buildModel, type TrainedArchitecture } from "../training/build-model";
import { trainingData } from "../training/train-model";
import {
  type EvidenceColumn,
  contentEvidence,
  featuresByKey,
  sequenceEvidence,
  statisticsEvidence,
} from "./layer-evidence";
import { columnsDetector, type EvidenceColumns, layerSubsets } from "./layer-subsets";
import { nanosecondsPerStep } from "./step-time";
import { trafficByKey } from "./suite-traffic";

export const ARCHITECTURES = ["lstm", "gru", "transformer", "linear"] as const;
/** Columns of the sequence models, by architecture. */
const COLUMN_NAMES = {
  lstm: "LSTM",
  gru: "GRU",
  transformer: "Transformer",
  linear: "linear",
} as const satisfies Readonly<Record<TrainedArchitecture, string>>;

export interface EvaluationOptions {
  readonly seed: number;
  /** Of each kind of healthy traffic, for every key. */
  readonly healthyHours: number;
  /** Episodes of each fault at each intensity. */
  readonly repeats: number;
  /** False alarms allowed per hour and key. */
  readonly perHour: number;
  readonly hidden: number;
  /** Most optimiser steps of a training. */
  readonly steps: number;
  /** Text of recorded traffic to learn from; made-up traffic of the seed where absent. */
  readonly recorded?: string | undefined;
  readonly modules: EvaluationModules;
  readonly say: (line: string) => void;
}

/** Bytes of what runs the layers. */
export interface EvaluationModules {
  /** The release filter, and the model that it runs with. */
  readonly filter: Uint8Array;
  readonly filterModel: Uint8Array;
  /** Laboratory modules. */
  readonly model: Uint8Array;
  readonly content: Uint8Array;
  /** The artifact of the content layer. */
  readonly contentModel: Uint8Array;
}

/** How well a detector does at equal false alarms. */
export interface DetectionFigures {
  readonly f1: number;
  readonly recall: number;
  readonly precision: number;
  /** Median delay of the episodes found; null where none was. */
  readonly delay_s: number | null;
  /** On the healthy traffic, mean over keys. */
  readonly false_per_hour: number;
  /** Share of the episodes found, by fault. */
  readonly recall_by_fault: Readonly<Record<FaultClass, number>>;
}

export interface ArchitectureFigures extends DetectionFigures {
  readonly architecture: TrainedArchitecture;
  readonly parameters: number;
  readonly bytes: number;
  /** Processor time of one score, in this process. */
  readonly ns_per_step: number;
  /** On held-out windows; null for what is not trained by gradient. */
  readonly loss: number | null;
  readonly training_s: number;
  /** F1 together with statistics (L0) and content (L2). */
  readonly f1_with_others: number;
}

export interface SubsetFigures extends DetectionFigures {
  readonly layers: readonly string[];
}

export interface Evaluation {
  readonly seed: number;
  readonly per_hour: number;
  readonly episodes: number;
  readonly healthy_key_hours: number;
  readonly hidden: number;
  readonly architectures: readonly ArchitectureFigures[];
  readonly subsets: readonly SubsetFigures[];
}

/** @throws GanglionError of training, and where a module refuses an artifact */
export function evaluate(options: EvaluationOptions): Evaluation {
  const { seed, healthyHours, repeats, perHour, hidden, say } = options;
  const trained = trainAll(options);
  const columns = new Map<SuiteRun, EvidenceColumns>();
  const pluginConfig = suiteConfig(SUITE_ROUTES, options.modules.filterModel);
  const run = (scenario: Parameters<typeof runEmbeddedSuite>[0]): SuiteRun => {
    say(`${scenario.name}: ${scenario.requests.length} requests through every layer`);
    // The filter watches in shadow, so that the traffic is as if there were none.
    const result = runEmbeddedSuite(scenario, { wasm: options.modules.filter, pluginConfig });
    columns.set(result, columnsOf(result, trained, options.modules));
    return result;
  };
  const traffic = {
    healthy: HEALTHY_KINDS.map((kind) => run(healthyScenario(kind, seed, healthyHours))),
    faults: run(faultScenario(seed, repeats)),
  };
  const figuresOf = (layers: readonly string[]): DetectionFigures => {
    const detector = columnsDetector((one) => columns.get(one)!, layers);
    return detectionFigures(compareDetector(detector, traffic, perHour));
  };
  say("thresholds and verdicts");
  return {
    seed,
    per_hour: perHour,
    episodes: traffic.faults.scenario.episodes.length,
    healthy_key_hours: rounded(healthyKeyHours(traffic), 1),
    hidden,
    architectures: trained.map(({ figures }) => {
      const column = COLUMN_NAMES[figures.architecture];
      const { f1 } = figuresOf(["L0", column, "L2"]);
      return { ...figures, ...figuresOf([column]), f1_with_others: f1 };
    }),
    subsets: layerSubsets().map((layers) => ({ layers, ...figuresOf(layers) })),
  };
}

interface Trained {
  readonly figures: Omit<ArchitectureFigures, keyof DetectionFigures | "f1_with_others">;
  readonly artifact: Uint8Array;
}

function trainAll(options: EvaluationOptions): Trained[] {
  const { seed, recorded, say } = options;
  say(`traffic to learn from: ${recorded === undefined ? "made up" : "recorded"}`);
  const data = trainingData(recorded, seed);
  const lab = ModelLab.start(options.modules.model);
  return ARCHITECTURES.map((architecture) => trainOne(architecture, data, lab, options));
}

function trainOne(
  architecture: TrainedArchitecture,
  data: BuildData,
  lab: ModelLab,
  { seed, hidden, steps, say }: EvaluationOptions,
): Trained {
  say(`training ${architecture}`);
  const startedMs = performance.now();
  const name = `evaluated-${architecture}`;
  const recipe = { seed, architecture, hidden, steps, name, modelVersion: 1 };
  const { artifact, outcome } = buildModel(data, recipe);
  const bytes = encodeArtifact(artifact);
  const seconds = (performance.now() - startedMs) / 1000;
  const loss = outcome === undefined ? null : rounded(outcome.validationLoss, 4);
  say(`  ${seconds.toFixed(1)} s, validation loss ${loss ?? "none: it is no descent"}`);
  const figures = {
    architecture,
    parameters: describeArtifact(bytes).parameters,
    bytes: bytes.length,
    ns_per_step: Math.round(nanosecondsPerStep(lab, bytes, seed)),
    loss,
    training_s: rounded(seconds, 1),
  };
  return { figures, artifact: bytes };
}

function columnsOf(
  run: SuiteRun,
  trained: readonly Trained[],
  modules: EvaluationModules,
): EvidenceColumns {
  const keys = trafficByKey(run);
  const vectors = featuresByKey(keys);
  const lab = ModelLab.start(modules.model);
  const columns: Record<string, EvidenceColumn> = {
    L0: statisticsEvidence(run),
    L2: contentEvidence(run, ContentLab.start(modules.content), modules.contentModel),
  };
  for (const { figures, artifact } of trained) {
    const name = COLUMN_NAMES[figures.architecture];
    columns[name] = sequenceEvidence(run, keys, vectors, lab, artifact);
  }
  return columns;
}

function detectionFigures({ judgement, falsePerHour }: Comparison): DetectionFigures {
  const { f1, recall, precision, delayS } = scoreOf(judgement);
  const recalls = FAULT_CLASSES.map((fault) => {
    const found = scoreOf(judgement, (episode) => episode.fault === fault);
    return [fault, rounded(found.recall, 3)] as const;
  });
  const mean = falsePerHour.reduce((sum, rate) => sum + rate, 0) / falsePerHour.length;
  return {
    f1: rounded(f1, 4),
    recall: rounded(recall, 4),
    precision: rounded(precision, 4),
    delay_s: Number.isNaN(delayS) ? null : rounded(delayS, 1),
    false_per_hour: rounded(mean, 3),
    recall_by_fault: Object.fromEntries(recalls) as Record<FaultClass, number>,
  };
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
