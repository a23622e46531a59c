// The limits section of a card. Sentences that follow from what the artifact is and from what was
// measured; nobody has to remember to write them, and nobody can leave out a bad figure.

import type { ArtifactDescription } from "../model/describe-artifact";
import { type FileDescription, isContent } from "./describe-file";
import type { CardDetection, CardFacts } from "./model-card";

/** An episode share below which a kind of fault counts as badly found. */
const FOUND_ENOUGH = 0.9;

export function cardLimits(file: FileDescription, facts: CardFacts): string[] {
  return [
    "It sees sizes, times and statuses, no bodies: a wrong answer that comes in time looks healthy.",
    ...file.members.flatMap((member) =>
      isContent(member) ? contentBlindness() : blindness(member),
    ),
    ...dataLimits(facts),
    ...measuredFailures(facts),
    ...(facts.limits ?? []),
  ];
}

/** What a content table cannot see whatever it was trained on. */
function contentBlindness(): string[] {
  return [
    "Of path and query it looks at the first 384 bytes and the last 128; headers and bodies are " +
      "not read for content.",
    "It knows pieces of three bytes: an attack spelt like usual text passes.",
  ];
}

/** What a scorer cannot see whatever it was trained on. */
function blindness(artifact: ArtifactDescription): string[] {
  const predicted = new Set(artifact.outputs.map(({ feature }) => feature));
  const unpredicted = artifact.calibration
    .map(({ feature }) => feature)
    .filter((feature) => !predicted.has(feature));
  const sentences = [
    `A route's first ${artifact.warm_up_steps} requests score 0, on every worker anew.`,
    `It compares with the route's own past: a route that was ill from its first request on is usual.`,
    `A drift slower than about ${artifact.drift_steps} requests becomes part of what is usual.`,
  ];
  sentences.push(
    "The figures are this model's alone; what the filter's other layers find is not in them.",
  );
  if (unpredicted.length > 0) {
    sentences.push(
      `Only context, never a reason for an alarm by themselves: ${unpredicted.join(", ")}.`,
    );
  }
  return sentences;
}

function dataLimits({ data, recipe, false_alarms: alarms, detection }: CardFacts): string[] {
  const sentences: string[] = [];
  if (data.source === "synthetic") {
    sentences.push(
      recipe["imported_from"] === undefined
        ? "It learnt from made-up traffic; train on your own for better."
        : "It was calibrated on made-up traffic; import it with --from your own.",
    );
  }
  // Below ten expected alarms the realised rate is mostly chance.
  const rare = 10 / Math.max(1, data.calibration_requests);
  if (data.calibration_requests < 100_000) {
    sentences.push(
      `Calibrated on ${data.calibration_requests} requests: alarm rates below ` +
        `${shareText(rare)} of requests are extrapolated.`,
    );
  }
  if (alarms === undefined) sentences.push("Its false alarms were not measured.");
  if (detection === undefined || detection.length === 0) {
    sentences.push("What it detects was not measured.");
  }
  return sentences;
}

function measuredFailures({ detection = [], false_alarms: alarms }: CardFacts): string[] {
  const sentences = detection
    .filter(({ episodes, found }) => episodes > 0 && found < FOUND_ENOUGH * episodes)
    .map(failureText);
  if (alarms !== undefined && alarms.requests > 0) {
    const ratio = alarms.alarms / alarms.requests / alarms.nominal;
    if (ratio > 1.5) {
      sentences.push(
        `On ${alarms.set} it raised ${ratio.toFixed(1)} times as many false alarms as it promises.`,
      );
    }
  }
  return sentences;
}

function failureText({ fault, set, episodes, found }: CardDetection): string {
  return `It missed ${episodes - found} of ${episodes} episodes of ${fault} (${set}).`;
}

/** 0.0004 as "1 in 2500". */
export function shareText(share: number): string {
  return share <= 0 ? "0" : `1 in ${Math.round(1 / share)}`;
}
