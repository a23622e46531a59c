// The data of a training on made-up traffic, and the recipe of the model that ships: its file is
// not a blob but the result of this file and a seed, which a test rebuilds byte for byte.

import { type BuildData, type BuildOptions, type BuiltModel, buildModel } from "./build-model";
import { extractFeatures } from "../model/feature-extractor";
import { healthyTraffic } from "./synthetic-traffic";
import type { TrainingProgress } from "./fit";

/** What `ganglion train --default` builds. */
export const DEFAULT_RECIPE: BuildOptions = {
  seed: 1,
  architecture: "gru",
  hidden: 16,
  steps: 1500,
  name: "default",
  modelVersion: 1,
};

/** Routes and requests per route of each part. */
const PARTS = { training: [96, 1600], validation: [24, 1600], calibration: [48, 2500] } as const;

/** Healthy made-up traffic in three parts, no route in two of them. */
export function syntheticData(seed: number): BuildData {
  const part = (label: keyof typeof PARTS) =>
    extractFeatures(healthyTraffic(seed, label, PARTS[label][0], PARTS[label][1]));
  return {
    training: part("training"),
    validation: part("validation"),
    calibration: part("calibration"),
  };
}

/** The shipped model, from its seed. */
export function buildDefaultModel(onProgress?: (progress: TrainingProgress) => void): BuiltModel {
  return buildModel(syntheticData(DEFAULT_RECIPE.seed), { ...DEFAULT_RECIPE, onProgress });
}
