// From an imported model to an artifact: its inputs are calibrated, its numbers rounded, and its score
// calibrated with the integers that will serve, all on traffic that the user supplies. Where the model
// learnt is unknown here; what its surprises are worth must be measured anew.

import { FEATURES } from "../contract";
import { type Prng, seededPrng } from "../lib/prng";
import type { CardQuantisation } from "../model-card/model-card";
import type { FloatGru, FloatLstm } from "../model/float-model";
import { ONE_Q12 } from "../model/q12";
import { quantiseModel } from "../model/quantise-model";
import { withSelfTest } from "../model/quantiser";
import { ReferenceScorer } from "../model/reference";
import type { ScorerArtifact } from "../model/scorer-artifact";
import type { BuildData } from "../training/build-model";
import { calibrateFeatures } from "../training/calibration";
import { type QuantisedSequence, quantiseSequence } from "../training/dataset";
import {
  calibrateFloors,
  calibrateResiduals,
  healthySurprises,
  quantileTable,
} from "../training/score-calibration";
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

/** As a training has them (training/build-model.ts). */
const WARM_UP_STEPS = 64;
const SMOOTHING_SHIFT = 3;
const DRIFT_SHIFT = 5;
const SELF_TEST_STEPS = 16;

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
  const draft = quantiseModel(model, {
    name: options.name,
    modelVersion: options.modelVersion,
    warmUpSteps: WARM_UP_STEPS,
    smoothingShift: SMOOTHING_SHIFT,
    driftShift: DRIFT_SHIFT,
    trainingSeed: options.seed,
    featureOffsets: offsets,
    featureScales: scales,
  });
  const quantised = (sequences: BuildData["training"]) =>
    sequences.map((sequence) => quantiseSequence(sequence, calibration));
  const validation = quantised(data.validation);
  const held = quantised(data.calibration);
  const floored = { ...draft, scaleFloors: calibrateFloors(draft, validation) };
  const scaled = { ...floored, ...calibrateResiduals(floored, validation) };
  const quantiles = quantileTable(healthySurprises(scaled, held));
  const random = seededPrng(options.seed).fork("import-self-test");
  const artifact = withSelfTest({ ...scaled, quantiles }, selfTestInputs(held, random));
  return {
    artifact,
    quantisation: compare(model as FloatLstm | FloatGru, artifact, held),
    calibrationRequests: held.reduce((sum, sequence) => sum + sequence.length / FEATURES, 0),
  };
}

/** Real vectors, and a few at the ends of the domain so that saturation is tested too. */
function selfTestInputs(sequences: readonly QuantisedSequence[], random: Prng): Int16Array[] {
  const sequence = sequences[0] ?? new Int16Array(FEATURES);
  return Array.from({ length: SELF_TEST_STEPS }, (_, step) => {
    if (step % 4 === 3) {
      return Int16Array.from({ length: FEATURES }, () => (random.below(2) === 0 ? -32767 : 32767));
    }
    const at = (step * FEATURES) % sequence.length;
    return sequence.slice(at, at + FEATURES);
  });
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
