// From labelled targets to a content artifact: two tables trained, rounded to int8, calibrated on
// healthy targets that were kept out of the training, and given self-tests.

import {
  CONTENT_HAS_ONE_CLASS,
  CONTENT_HAS_SUPERVISED,
  CONTENT_SELF_TEST_TARGET_BYTES,
} from "../contract";
import { ExitCode, GanglionError } from "../lib/errors";
import { type Prng, seededPrng } from "../lib/prng";
import type { ContentArtifact, ContentTable } from "./content-artifact";
import { type FloatTable, type TargetExample, shuffle, trainTable } from "./content-trainer";
import { corrupt } from "./corrupt";
import { evidenceCurve } from "./evidence-curve";
import { contentFields, fieldEntries, scoreContent } from "./reference-content";

/** A target as a client wrote it, and whether it is an attack. */
export interface LabelledTarget {
  readonly target: Uint8Array;
  readonly attack: boolean;
}

export interface ContentOptions {
  readonly seed: number;
  readonly name: string;
  readonly modelVersion: number;
  /** Entries of the table, a power of two from 512 to 4096. */
  readonly entries: number;
}

/** One healthy target in so many is kept for the calibration. */
const CALIBRATION_EVERY = 5;
const HEALTHY_MIN = 1000;
const SELF_TESTS = 8;
/** Q4 of a score over sqrt(bytes + 4): see contract/content-artifact.ts. */
const SCORE_UNIT = 16;

/**
 * Builds an artifact; without attacks it has the one-class table alone.
 * @throws GanglionError E_CONTENT_DATA when there are too few healthy targets
 */
export function buildContent(
  targets: readonly LabelledTarget[],
  options: ContentOptions,
): ContentArtifact {
  const random = seededPrng(options.seed);
  const healthy = shuffle(
    targets.filter(({ attack }) => !attack),
    random.fork("order"),
  );
  if (healthy.length < HEALTHY_MIN) {
    throw new GanglionError(
      "E_CONTENT_DATA",
      `${healthy.length} healthy targets, at least ${HEALTHY_MIN} are needed`,
      { hint: "Record more traffic.", exitCode: ExitCode.badInput },
    );
  }
  const calibration = healthy.filter((_, i) => i % CALIBRATION_EVERY === 0);
  const training = healthy.filter((_, i) => i % CALIBRATION_EVERY !== 0);
  const attacks = targets.filter(({ attack }) => attack);
  const { entries } = options;
  const good = training.map(({ target }) => exampleOf(target, false, entries));
  const bad = attacks.map(({ target }) => exampleOf(target, true, entries));
  const noise = training.flatMap(({ target }) => spoil(target, entries, random));
  const supervised =
    bad.length > 0
      ? trainTable([...good, ...bad], entries, random.fork("supervised"))
      : { weights: new Float64Array(entries), bias: 0 };
  const oneClass = trainTable([...good, ...noise], entries, random.fork("one-class"));
  const uncalibrated: ContentArtifact = {
    name: options.name,
    modelVersion: options.modelVersion,
    supervised: rounded(supervised),
    oneClass: rounded(oneClass),
    flags: CONTENT_HAS_ONE_CLASS | (bad.length > 0 ? CONTENT_HAS_SUPERVISED : 0),
    attackScore: 0,
    trainingSeed: options.seed,
    trainingExamples: training.length + attacks.length,
    selfTests: [],
  };
  const artifact = calibrated(uncalibrated, calibration);
  return { ...artifact, selfTests: selfTests(artifact, [...attacks, ...calibration]) };
}

/** Fields of a target as entries. */
function exampleOf(target: Uint8Array, attack: boolean, entries: number): TargetExample {
  const fields = contentFields(target).map(({ text }) => fieldEntries(text, entries));
  return { fields: fields.length > 0 ? fields : [new Uint16Array(0)], attack };
}

/** One spoilt copy of each of a target's fields, each an example of its own. */
function spoil(target: Uint8Array, entries: number, random: Prng): TargetExample[] {
  return contentFields(target).map(({ text }) => ({
    fields: [fieldEntries(corrupt(text, random), entries)],
    attack: true,
  }));
}

/** int8, the largest weight at the end of the scale. */
function rounded(table: FloatTable): ContentTable {
  const largest = table.weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-6);
  const unit = largest / 127;
  return {
    weights: Int8Array.from(table.weights, (weight) => Math.round(weight / unit)),
    bias: Math.round((table.bias / unit) * SCORE_UNIT),
    curve: [
      { score: 0, evidence: 0 },
      { score: 1, evidence: 0 },
    ],
  };
}

function calibrated(
  artifact: ContentArtifact,
  healthy: readonly LabelledTarget[],
): ContentArtifact {
  const scores = healthy.map(({ target }) => scoreContent(artifact, target));
  return {
    ...artifact,
    supervised: {
      ...artifact.supervised,
      curve: evidenceCurve(scores.map((score) => score.supervised)),
    },
    oneClass: { ...artifact.oneClass, curve: evidenceCurve(scores.map((score) => score.oneClass)) },
  };
}

/** Attacks and healthy targets in turn, as many as there is room for and short enough. */
function selfTests(artifact: ContentArtifact, pool: readonly LabelledTarget[]) {
  const short = pool.filter(
    ({ target }) => target.length > 0 && target.length <= CONTENT_SELF_TEST_TARGET_BYTES,
  );
  const every = Math.max(1, Math.floor(short.length / SELF_TESTS));
  return short
    .filter((_, i) => i % every === 0)
    .slice(0, SELF_TESTS)
    .map(({ target }) => {
      const { supervised, oneClass, evidence } = scoreContent(artifact, target);
      return { target, supervised, oneClass, evidence };
    });
}
