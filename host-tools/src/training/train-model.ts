// One training as a user asks for it: made-up or recorded traffic, a few knobs, an artifact out.

import { HIDDEN_MAX, HIDDEN_MIN } from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";
import { type BuildData, type BuildOptions, type BuiltModel, buildModel } from "./build-model";
import { syntheticData } from "./default-model";
import { extractFeatures } from "../model/feature-extractor";
import { parseTraffic, sliceSequences } from "./recorded-traffic";
import type { FeatureSource } from "../model/traffic";

/** Requests below which a calibration at one in a thousand would be a guess. */
const RECORDED_REQUESTS_MIN = 2000;

/**
 * Trains a model.
 * @param recorded text of recorded traffic; undefined for made-up traffic of the seed
 * @param source turns recorded traffic into features
 * @throws GanglionError E_TRAIN_HIDDEN, E_TRAFFIC_SHORT, E_TRAFFIC_LINE, E_MODEL_RANGE
 */
export function trainModel(
  recorded: string | undefined,
  options: BuildOptions,
  source: FeatureSource = extractFeatures,
): BuiltModel & { readonly data: BuildData } {
  const { hidden } = options;
  if (hidden < HIDDEN_MIN || hidden > HIDDEN_MAX || hidden % 8 !== 0) {
    throw new GanglionError(
      "E_TRAIN_HIDDEN",
      `hidden is ${hidden}, must be a multiple of 8 from ${HIDDEN_MIN} to ${HIDDEN_MAX}`,
      { hint: "Use --hidden 16, or 24, 32, 64.", exitCode: ExitCode.usage },
    );
  }
  const data = trainingData(recorded, options.seed, source);
  return { ...buildModel(data, options), data };
}

/**
 * The parts of a training's traffic.
 * @param recorded text of recorded traffic; undefined for made-up traffic of the seed
 * @throws GanglionError E_TRAFFIC_SHORT, E_TRAFFIC_LINE
 */
export function trainingData(
  recorded: string | undefined,
  seed: number,
  source: FeatureSource = extractFeatures,
): BuildData {
  return recorded === undefined ? syntheticData(seed) : recordedData(recorded, source);
}

/** Recorded traffic in three parts, each route in time order: 60 % to learn, 15 %, 25 %. */
function recordedData(text: string, source: FeatureSource): BuildData {
  const requests = parseTraffic(text);
  if (requests.length < RECORDED_REQUESTS_MIN) {
    throw new GanglionError(
      "E_TRAFFIC_SHORT",
      `the traffic has ${requests.length} requests, at least ${RECORDED_REQUESTS_MIN} are needed`,
      { hint: "Record for longer, or train with `--from synthetic`.", exitCode: ExitCode.badInput },
    );
  }
  const sequences = source(requests);
  return {
    training: sliceSequences(sequences, 0, 0.6),
    validation: sliceSequences(sequences, 0.6, 0.75),
    calibration: sliceSequences(sequences, 0.75, 1),
  };
}
