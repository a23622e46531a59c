// The shipped model is not a blob: its seed makes it again, byte for byte. And it is worth having:
// faults on traffic that it never saw push the score over the threshold, healthy traffic seldom
// does.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import {
  ACCUMULATOR_COLUMNS_MAX,
  ARTIFACT_BYTES_MAX,
  ArtifactStatus,
  FEATURES,
} from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { decodeArtifact, encodeArtifact } from "../../../host-tools/src/model/artifact";
import { buildDefaultModel } from "../../../host-tools/src/training/default-model";
import {
  type DetectionReport,
  compareWithLabels,
} from "../../../host-tools/src/training/detection";
import { extractFeatures } from "../../../host-tools/src/model/feature-extractor";
import { drawProfile } from "../../../host-tools/src/training/route-profile";
import type { FaultKind } from "../../../host-tools/src/training/synthetic-faults";
import { generateRoute, healthyTraffic } from "../../../host-tools/src/training/synthetic-traffic";
import { ReferenceScorer } from "../../../host-tools/src/model/reference";
import type { FeatureSequence } from "../../../host-tools/src/model/traffic";
import { startLab } from "./start-lab";

const bytes = readFileSync(resolve("wasmplugin/models/default.gngl"));
const artifact = decodeArtifact(bytes);

/** Alarms by the filter's own kernels. */
function measure(sequences: readonly FeatureSequence[]): DetectionReport {
  const lab = startLab();
  lab.load(bytes);
  return compareWithLabels(sequences, ({ vectors }) => {
    const { evidences } = lab.run(lab.freshState(0), vectors, FEATURES);
    return Uint8Array.from(evidences, (one) => (one >= artifact.thresholdEvidence ? 1 : 0));
  });
}

/** Requests before a fault, and the least and the most that it lasts. */
const BEFORE = 1200;
const LAST = { requests: 300, mostRequests: 3000, ms: 30_000 } as const;

/** One fault on each of many routes: 300 requests and half a minute long, if that is not too many. */
function underFault(kind: FaultKind, share: number, ratesFrom = 0): DetectionReport {
  const random = seededPrng(5).fork(kind);
  const routes = Array.from({ length: 24 }, (_, index) => {
    const own = random.fork(`route-${index}`);
    const profile = drawProfile(own, index);
    const fromMs = 1000 + (BEFORE * 1000) / profile.rateHz;
    const least = Math.max(LAST.requests, (LAST.ms * profile.rateHz) / 1000);
    const requests = Math.round(Math.min(LAST.mostRequests, least));
    const toMs = fromMs + (requests * 1000) / profile.rateHz;
    const oneShot = profile.streamMedianMs === 0 && profile.ttfbMedianMs < 200;
    if (profile.rateHz < ratesFrom || (ratesFrom > 0 && !oneShot)) return [];
    return generateRoute(profile, 2 * BEFORE + requests, own, [{ kind, fromMs, toMs, share }]);
  });
  return measure(extractFeatures(routes.flat()));
}

describe("the default model", () => {
  it("is rebuilt byte for byte from its seed", () => {
    const rebuilt = encodeArtifact(buildDefaultModel().artifact);
    expect(Buffer.compare(rebuilt, bytes)).toBe(0);
    // A whole training; others may want the cores.
  }, 900_000);

  it("is what the filter takes, and small", () => {
    expect(startLab().load(bytes)).toBe(ArtifactStatus.Ok);
    expect(bytes.length).toBeLessThan(16_384);
    expect(bytes.length).toBeLessThanOrEqual(ARTIFACT_BYTES_MAX);
    const columns = artifact.inputs * 2 ** artifact.inputShift + artifact.hidden;
    expect(columns).toBeLessThanOrEqual(ACCUMULATOR_COLUMNS_MAX);
  });

  it("gets the same scores from the filter's kernels as from the reference, raw vectors in", () => {
    const lab = startLab();
    lab.load(bytes);
    for (const { vectors } of extractFeatures(healthyTraffic(77, "scores", 8, 600))) {
      const { evidences } = lab.run(lab.freshState(0), vectors, FEATURES);
      const reference = new ReferenceScorer(artifact);
      for (let i = 0; i < evidences.length; i++) {
        const vector = vectors.subarray(i * FEATURES, (i + 1) * FEATURES);
        const { settledEvidence } = reference.stepRaw(vector);
        if (settledEvidence !== evidences[i]) expect.fail(`differs at ${i}`);
      }
    }
  });

  it("calls about one healthy request in a thousand anomalous", () => {
    const report = measure(extractFeatures(healthyTraffic(99, "test", 32, 3000)));
    expect(report.healthyRequests).toBeGreaterThan(100_000);
    expect(report.falseAlarmShare).toBeLessThan(0.002);
    expect(report.falseAlarmShare).toBeGreaterThan(0.0001);
  });

  it.each([
    ["error-burst", 1, 6],
    ["error-burst", 0.34, 12],
    ["flood", 1, 16],
    ["retry-storm", 1, 6],
    ["scan", 1, 8],
    ["stuffing", 1, 8],
  ] as const)("finds every %s of share %d within requests", (kind, share, delay) => {
    const report = underFault(kind, share);
    expect(report.faultsFound).toBe(report.faults);
    expect(report.faults).toBeGreaterThanOrEqual(20);
    expect(report.delayRequests).toBeLessThanOrEqual(delay);
  });

  it.each([
    ["slow-arm", 1, 0.75],
    ["slow-arm", 0.34, 0.6],
  ] as const)(
    "finds most of %s of share %d on busy routes of short answers",
    (kind, share, part) => {
      const report = underFault(kind, share, 3);
      expect(report.faults).toBeGreaterThanOrEqual(8);
      expect(report.faultsFound / report.faults).toBeGreaterThanOrEqual(part);
      expect(report.delayRequests).toBeLessThanOrEqual(60);
    },
  );
});
