// From an imported model to an artifact: its inputs are calibrated, its numbers rounded, and its score
// calibrated with the integers that will serve, all on traffic that the user supplies. Where the model
// learnt is unknown here; what its surprises are worth must be measured anew.

import { FEATURES } from "../contract";
import { seededPrng } from "../lib/prng";
import type { CardQuantisation } from "../model-card/model-card";
import type { FloatGru, FloatLstm } from "../model/float-model";
import { ONE_Q12 } from "../model/q12";
import { ReferenceScorer } from "../model/reference";
import type { ScorerArtifact } from "../model/scorer-artifact";
import type { BuildData } from "../training/build-model";
import { calibrateFeatures } from "../training/calibration";
import { type QuantisedSequence, quantiseSequence } from "../training/dataset";
import { finishArtifact } from "../training/finish-artifact";
import { type ColumnMeaning, toFloatModel } from "./float-import";
import { FloatRunner } from "./float-runner";
import type { ImportedModel } from "./imported-model";

export interface ImportOptions {
  readonly name: string;
  readonly modelVersion: number;
  /** Of the self-test's extreme vectors. */
  readonly seed: number;
}

export interface BuiltImport {
  readonly artifact: ScorerArtifact;
  /** The int8 model against its own floating point, on the calibration's traffic. */
  readonly quantisation: CardQuantisation;
  readonly calibrationRequests: number;
}

/** Requests of one route that the float model is run over; enough for a worst case of its kind. */
const COMPARED_REQUESTS = 2000;

/**
 * Builds an artifact; the same model, data and options give the same bytes.
 * @throws GanglionError E_MODEL_RANGE, E_MODEL_SHAPE, E_TRAFFIC_EMPTY
 */
export function buildImport(
  imported: ImportedModel,
  meaning: ColumnMeaning,
  data: BuildData,
  options: ImportOptions,
): BuiltImport {
  const calibration = calibrateFeatures(data.training);
  const { offsets, scales } = calibration;
  const deviations = Float64Array.from(scales, (scale) => ONE_Q12 / scale);
  const model = toFloatModel(imported, meaning, { offsets, deviations });
  const quantised = (sequences: BuildData["training"]) =>
    sequences.map((sequence) => quantiseSequence(sequence, calibration));
  const held = quantised(data.calibration);
  const artifact = finishArtifact(
    model,
    calibration,
    { validation: quantised(data.validation), held },
    { ...options, trainingSteps: 0 },
    seededPrng(options.seed).fork("import-self-test"),
  );
  return {
    artifact,
    quantisation: compare(model as FloatLstm | FloatGru, artifact, held),
    calibrationRequests: held.reduce((sum, sequence) => sum + sequence.length / FEATURES, 0),
  };
}

/** Predictions of both models over the same vectors, in deviations (a logit: in its own unit). */
export function compare(
  model: FloatLstm | FloatGru,
  artifact: ScorerArtifact,
  sequences: readonly QuantisedSequence[],
): CardQuantisation {
  const errors: number[] = [];
  let requests = 0;
  for (const sequence of sequences) {
    const runner = new FloatRunner(model);
    const scorer = new ReferenceScorer(artifact);
    const steps = Math.min(COMPARED_REQUESTS, sequence.length / FEATURES);
    for (let step = 0; step < steps; step++) {
      const x = sequence.subarray(step * FEATURES, (step + 1) * FEATURES);
      const exact = runner.step(Float64Array.from(x, (one) => one / ONE_Q12));
      scorer.step(x);
      model.head.outputs.forEach((output, i) => {
        const carried = output.kind !== "logit" && output.carry ? x[output.feature]! / ONE_Q12 : 0;
        errors.push(Math.abs(scorer.prediction[i]! / ONE_Q12 - exact[i]! - carried));
      });
      requests += 1;
    }
  }
  const sorted = Float64Array.from(errors).sort();
  const round = (value: number) => Number(value.toPrecision(3));
  return {
    requests,
    median_error: round(sorted[sorted.length >> 1] ?? 0),
    worst_error: round(sorted[sorted.length - 1] ?? 0),
  };
}
