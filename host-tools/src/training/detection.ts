// How well an artifact tells faults from health, per request and without point adjustment: a
// request counts as found only if its own score reached the threshold.

import type { ScorerArtifact } from "../model/scorer-artifact";
import { ReferenceScorer } from "../model/reference";
import { FEATURES } from "../contract";
import type { FeatureSequence } from "../model/traffic";

export interface DetectionReport {
  readonly healthyRequests: number;
  readonly faultyRequests: number;
  /** Healthy requests at or above the threshold, before any fault and after its echo. */
  readonly falseAlarms: number;
  readonly falseAlarmShare: number;
  /** Faulty requests at or above the threshold. */
  readonly recall: number;
  /** Faults with at least one request found, and requests until the first (median of the found). */
  readonly faults: number;
  readonly faultsFound: number;
  readonly delayRequests: number;
}

/** Requests after a fault that count neither way: its echo is still in the averages. */
const ECHO_REQUESTS = 200;

/** Scores sequences from a fresh state each and compares with their labels. */
export function measureDetection(
  artifact: ScorerArtifact,
  sequences: readonly FeatureSequence[],
): DetectionReport {
  return compareWithLabels(sequences, ({ vectors, faulty }) => {
    const scorer = new ReferenceScorer(artifact);
    return faulty.map((_, i) => {
      const vector = vectors.subarray(i * FEATURES, (i + 1) * FEATURES);
      return scorer.stepRaw(vector).settledEvidence >= artifact.thresholdEvidence ? 1 : 0;
    });
  });
}

/**
 * Compares alarms with labels.
 * @param alarmsOf 1 where a sequence's request was called anomalous
 */
export function compareWithLabels(
  sequences: readonly FeatureSequence[],
  alarmsOf: (sequence: FeatureSequence) => Uint8Array,
): DetectionReport {
  let healthy = 0;
  let faulty = 0;
  let falseAlarms = 0;
  let found = 0;
  const delays: number[] = [];
  let faults = 0;
  for (const sequence of sequences) {
    const alarms = alarmsOf(sequence);
    let since = ECHO_REQUESTS;
    let intoFault = -1;
    let seen = false;
    sequence.faulty.forEach((label, i) => {
      const alarm = alarms[i] === 1;
      if (label === 1) {
        if (intoFault < 0) faults += 1;
        intoFault += 1;
        since = 0;
        faulty += 1;
        if (alarm) found += 1;
        if (alarm && !seen) delays.push(intoFault);
        seen ||= alarm;
        return;
      }
      intoFault = -1;
      seen = false;
      if (since++ < ECHO_REQUESTS) return;
      healthy += 1;
      if (alarm) falseAlarms += 1;
    });
  }
  delays.sort((a, b) => a - b);
  return {
    healthyRequests: healthy,
    faultyRequests: faulty,
    falseAlarms,
    falseAlarmShare: healthy === 0 ? 0 : falseAlarms / healthy,
    recall: faulty === 0 ? 0 : found / faulty,
    faults,
    faultsFound: delays.length,
    delayRequests: delays[Math.floor(delays.length / 2)] ?? -1,
  };
}
