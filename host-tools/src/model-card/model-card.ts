// A model card: what somebody who is about to put a model into a mesh should know of it. Half of it the
// artifact says itself; the other half (data, recipe, measurements) only whoever made it
// knows, and hands over as CardFacts. The same model and facts give the same bytes: no date, no host.

import { VERSION } from "../lib/version";
import { cardLimits } from "./card-limits";
import { describeFile, type FileDescription } from "./describe-file";

export const CARD_FORMAT = 1;

/** What the model was made of. */
export interface CardData {
  /** `synthetic`, a file's name without its folder, or what a user would search for. */
  readonly source: string;
  /** Of everything random; null where nothing was. */
  readonly seed: number | null;
  /** SHA-256 of the recorded traffic, hexadecimal; null for made-up traffic, which the seed names. */
  readonly sha256: string | null;
  readonly routes: number;
  /** Requests by what they were used for; the parts share none. */
  readonly training_requests: number;
  readonly validation_requests: number;
  readonly calibration_requests: number;
}

/** How one kind of labelled fault was found, per episode and without point adjustment. */
export interface CardDetection {
  /** slow-arm, error-burst, ... */
  readonly fault: string;
  /** What it was measured on. */
  readonly set: string;
  readonly episodes: number;
  /** Episodes with at least one request at or above the threshold. */
  readonly found: number;
  /** Share of the faulty requests at or above the threshold. */
  readonly recall: number;
  /** Requests from an episode's start to the first found, median of those found; null of none. */
  readonly delay_requests: number | null;
}

/** Alarms on healthy traffic that neither training nor calibration saw. */
export interface CardFalseAlarms {
  readonly set: string;
  readonly requests: number;
  readonly alarms: number;
  /** What the threshold promises: a share of requests. */
  readonly nominal: number;
}

/** Of a model that came from elsewhere: its int8 form against its own floating point. */
export interface CardQuantisation {
  readonly requests: number;
  /** Difference of predictions in deviations of the feature, over all outputs. */
  readonly median_error: number;
  readonly worst_error: number;
}

/** What only the maker of a model knows. Whatever was not measured is left out, not made up. */
export interface CardFacts {
  readonly data: CardData;
  /** How it was made, by name: optimiser, steps, window, loss, file imported, ... */
  readonly recipe: Readonly<Record<string, string | number | boolean>>;
  readonly loss?: {
    readonly training?: number;
    readonly validation: number;
    /** Loss of predicting what training traffic does on average. */
    readonly trivial?: number;
  };
  readonly detection?: readonly CardDetection[];
  readonly false_alarms?: CardFalseAlarms;
  readonly quantisation?: CardQuantisation;
  /** Sentences of the maker's own, below those that follow from the figures. */
  readonly limits?: readonly string[];
}

export interface ModelCard {
  readonly card_format: number;
  /** Version of the tool that wrote the card. */
  readonly ganglion: string;
  /** What the file says itself, of each model in it. */
  readonly file: FileDescription;
  readonly facts: CardFacts;
  /** What it cannot see and where it was measured to fail. */
  readonly limits: readonly string[];
}

/**
 * @param bytes an artifact or a bundle
 * @throws GanglionError E_ARTIFACT_... when it is none
 */
export function makeModelCard(bytes: Uint8Array, facts: CardFacts): ModelCard {
  const file = describeFile(bytes);
  const limits = cardLimits(file, facts);
  return { card_format: CARD_FORMAT, ganglion: VERSION, file, facts, limits };
}
