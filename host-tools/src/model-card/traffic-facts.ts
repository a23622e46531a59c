// What a card says of the traffic behind a model.

import { createHash } from "node:crypto";
import { basename } from "node:path";
import { inputName, STDIN } from "../lib/input";
import type { FeatureSequence } from "../model/traffic";
import type { CardData } from "./model-card";

/** Traffic by use; the parts share no request. */
export interface TrafficParts {
  readonly training: readonly FeatureSequence[];
  readonly validation: readonly FeatureSequence[];
  readonly calibration: readonly FeatureSequence[];
}

/** Name of made-up traffic in the place of a file. */
export const SYNTHETIC = "synthetic";

/**
 * @param from `synthetic`, a path (of which the card keeps the file's name), or `-`
 * @param recorded the file's text; undefined for made-up traffic
 * @param seed of made-up traffic
 */
export function trafficFacts(
  from: string,
  recorded: string | undefined,
  seed: number,
  { training, validation, calibration }: TrafficParts,
): CardData {
  const count = (sequences: readonly FeatureSequence[]) =>
    sequences.reduce((sum, { faulty }) => sum + faulty.length, 0);
  const all = [...training, ...validation, ...calibration];
  // Parts of made-up traffic have routes of their own under the same names.
  const routes = recorded === undefined ? all.length : new Set(all.map(({ route }) => route)).size;
  return {
    source: from === STDIN ? inputName(from) : basename(from),
    seed: recorded === undefined ? seed : null,
    sha256: recorded === undefined ? null : createHash("sha256").update(recorded).digest("hex"),
    routes,
    training_requests: count(training),
    validation_requests: count(validation),
    calibration_requests: count(calibration),
  };
}
