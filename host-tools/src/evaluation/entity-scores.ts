// Scores of every server of a multivariate set: members learnt from the train part, run by the
// filter's scorer on int8 weights, their energies brought to the same mean and added, and the last
// ten sums averaged. One recipe for all servers; nothing of the test part is used but its samples,
// in order.

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
/** A state counts twice a change: what lasts is what people call an incident. */
const AUTOENCODER_SHARE = 2;

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
  const { integers, floats } = memberEnergies(models, parts, lab);
  return {
    entity: entity.name,
    labels: entity.labels,
    heldFrom: entity.train.samples - Math.round(entity.train.samples * VALIDATION_SHARE),
    scores: averaged(together(integers)),
    members: integers.map(averaged),
    floatScores: averaged(together(floats)),
    robustZ: averaged(ofParts(parts, robustZ)),
    subspace: averaged(ofParts(parts, (series) => subspace.score(series))),
  };
}

/** Energies of the members, forecaster first. */
function memberEnergies(models: EntityModels, parts: Parts, lab: ModelLab) {
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
    floats.push({
      train: floatEnergy(residuals.train, units, parts.train),
      test: floatEnergy(residuals.test, units, parts.test),
    });
    const artifact = memberArtifact(model, units, name);
    integers.push(ofParts(parts, (series) => wasmEnergy(lab, artifact, series)));
  }
  return { integers, floats };
}

function ofParts<T>({ train, test }: Parts, of: (series: ScaledSeries) => T) {
  return { train: of(train), test: of(test) };
}

/** The members' energies in units of their mean over the train part, added up. */
function together(members: readonly MethodScores[]): MethodScores {
  const weights = members.map(({ train }, member) => {
    const mean = train.reduce((sum, energy) => sum + energy, 0) / train.length;
    return (member === 0 ? 1 : AUTOENCODER_SHARE) / mean;
  });
  const sum = (part: "train" | "test") =>
    members[0]![part].map((_, i) => {
      return members.reduce((total, member, k) => total + weights[k]! * member[part][i]!, 0);
    });
  return { train: sum("train"), test: sum("test") };
}

function averaged({ train, test }: MethodScores): MethodScores {
  return { train: causalMean(train, SCORE_SAMPLES), test: causalMean(test, SCORE_SAMPLES) };
}
