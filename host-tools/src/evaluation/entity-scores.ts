// Scores of every server of a multivariate set: members learnt from the train part, run by the
// filter's scorer on int8 weights, their energies averaged over ten samples, brought to the same mean
// and put together. One recipe for all servers; nothing of the test part is used but its samples, in
// order.
//
//   score = f + 4 max(0, a - 8)     f, a: the members' mean energies, in units of the train part's
//
// Below eight times its usual energy the autoencoder says what the forecaster says better; above it
// metrics disagree, and that lasts as long as the incident does.

import { causalMean } from "./causal-mean";
import { memberArtifact, wasmEnergy } from "./entity-artifact";
import { type EntityModels, fitEntity } from "./entity-models";
import { floatResiduals } from "./float-residuals";
import type { Entity } from "./multivariate-data";
import { robustZ, type ScaledSeries, WindowSubspace } from "./plain-scorers";
import { robustScaling, scaled } from "./robust-scaling";
import { type ResidualUnits, floatEnergy, forecastUnits, reconstructionUnits } from "./step-energy";
import type { ModelLab } from "../model/model-lab";

/** Scores are means of so many energies. */
export const SCORE_SAMPLES = 10;
/** From where on the autoencoder counts, and how much, in units of the train part's mean. */
const AUTOENCODER_FROM = 8;
const AUTOENCODER_WEIGHT = 4;

/** Scores of one method, one a sample, already averaged. */
export interface MethodScores {
  readonly train: Float64Array;
  readonly test: Float64Array;
}

export interface EntityScores {
  readonly entity: string;
  /** One a sample of the test part. */
  readonly labels: Uint8Array;
  /** First sample of the train part that no member learnt from. */
  readonly heldFrom: number;
  /** By the Wasm scorer. */
  readonly scores: MethodScores;
  /** The members apart: forecaster, autoencoder. */
  readonly members: readonly MethodScores[];
  /** The same as `scores` with the members before rounding, in floating point. */
  readonly floatScores: MethodScores;
  readonly robustZ: MethodScores;
  readonly subspace: MethodScores;
}

/** The forecaster's validation part, as the trainer cuts it. */
const VALIDATION_SHARE = 1 / 6;

interface Parts {
  readonly train: ScaledSeries;
  readonly test: ScaledSeries;
}

export function scoreEntity(entity: Entity, lab: ModelLab, seed: number): EntityScores {
  const scaling = robustScaling(entity.train);
  const parts: Parts = {
    train: { ...entity.train, values: scaled(entity.train, scaling) },
    test: { ...entity.test, values: scaled(entity.test, scaling) },
  };
  const subspace = WindowSubspace.fit(parts.train);
  const models = fitEntity(parts.train, subspace.rank, seed);
  const { integers, floats } = memberScores(models, parts, lab);
  return {
    entity: entity.name,
    labels: entity.labels,
    heldFrom: entity.train.samples - Math.round(entity.train.samples * VALIDATION_SHARE),
    scores: together(integers),
    members: integers,
    floatScores: together(floats),
    robustZ: averaged(ofParts(parts, robustZ)),
    subspace: averaged(ofParts(parts, (series) => subspace.score(series))),
  };
}

/** Scores of the members, forecaster first. */
function memberScores(models: EntityModels, parts: Parts, lab: ModelLab) {
  const { forecaster, autoencoder } = models;
  const members = [
    { model: forecaster, measure: forecastUnits, name: "forecaster" },
    { model: autoencoder, measure: reconstructionUnits, name: "autoencoder" },
  ];
  const integers: MethodScores[] = [];
  const floats: MethodScores[] = [];
  for (const { model, measure, name } of members) {
    const residuals = ofParts(parts, (series) => floatResiduals(model, series));
    const units: ResidualUnits = measure(residuals.train, parts.train.inputs);
    floats.push(
      averaged({
        train: floatEnergy(residuals.train, units, parts.train),
        test: floatEnergy(residuals.test, units, parts.test),
      }),
    );
    const artifact = memberArtifact(model, units, name);
    integers.push(averaged(ofParts(parts, (series) => wasmEnergy(lab, artifact, series))));
  }
  return { integers, floats };
}

function ofParts<T>({ train, test }: Parts, of: (series: ScaledSeries) => T) {
  return { train: of(train), test: of(test) };
}

/** The rule at the head of this file. */
function together(members: readonly MethodScores[]): MethodScores {
  const [forecaster, autoencoder] = members.map(({ train, test }) => {
    const mean = train.reduce((sum, energy) => sum + energy, 0) / train.length;
    return { train: train.map((one) => one / mean), test: test.map((one) => one / mean) };
  });
  const sum = (part: "train" | "test") =>
    forecaster![part].map((change, i) => {
      const excess = Math.max(0, autoencoder![part][i]! - AUTOENCODER_FROM);
      return change + AUTOENCODER_WEIGHT * excess;
    });
  return { train: sum("train"), test: sum("test") };
}

function averaged({ train, test }: MethodScores): MethodScores {
  return { train: causalMean(train, SCORE_SAMPLES), test: causalMean(test, SCORE_SAMPLES) };
}
