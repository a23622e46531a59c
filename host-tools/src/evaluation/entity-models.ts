// The two members that score a server's metrics, learnt from its unlabelled part alone and with one
// recipe for all: a small recurrent forecaster, whose residuals say that something moved as it does
// not usually move, and a linear autoencoder over five samples, whose residuals last as long as
// metrics disagree. The first sees a change, the second a state: long incidents need the second,
// subtle ones the first.

import type { FloatGru, FloatLinear } from "../model/float-model";
import { trainForecaster } from "../training/forecaster";
import { trainLinear } from "../training/linear-autoencoder";
import { SUBSPACE_WINDOW, type ScaledSeries } from "./plain-scorers";

export interface EntityModels {
  readonly forecaster: FloatGru;
  readonly autoencoder: FloatLinear;
}

/** One configuration for every server of every set. */
export const ENTITY_RECIPE = {
  hidden: 16,
  steps: 400,
  rate: 0.01,
  /** Latents of the autoencoder at most; as many as the plain subspace keeps directions. */
  latentsMax: 64,
} as const;

/**
 * @param train scaled, and learnt from but for its last sixth, which decides when to stop
 * @param rank directions that keep the train part's variance (WindowSubspace)
 */
export function fitEntity(train: ScaledSeries, rank: number, seed: number): EntityModels {
  const { hidden, steps, rate, latentsMax } = ENTITY_RECIPE;
  const options = { architecture: "gru", hidden, steps, rate, seed } as const;
  const { model } = trainForecaster([train.values], train.inputs, options);
  const autoencoder = trainLinear([train.values], train.inputs, {
    window: SUBSPACE_WINDOW,
    // Not rounded up to whole registers: each direction more hides disagreement.
    hidden: Math.min(latentsMax, rank),
    seed,
  });
  return { forecaster: model as FloatGru, autoencoder };
}
