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
import { type DetectionReport, measureDetection } from "../../../host-tools/src/training/detection";
import { extractFeatures } from "../../../host-tools/src/model/feature-extractor";
import {
  type FaultKind,
  drawProfile,
  generateRoute,
  healthyTraffic,
} from "../../../host-tools/src/training/synthetic-traffic";
import { ReferenceScorer } from "../../../host-tools/src/model/reference";
import { startLab } from "./start-lab";

const bytes = readFileSync(resolve("wasmplugin/models/default.gngl"));
const artifact = decodeArtifact(bytes);

/** One fault on each of many routes, 1200 requests after its start and 300 requests long. */
function underFault(kind: FaultKind, share: number, ratesFrom = 0): DetectionReport {
  const random = seededPrng(5).fork(kind);
  const routes = Array.from({ length: 24 }, (_, index) => {
    const own = random.fork(`route-${index}`);
    const profile = drawProfile(own, index);
    const fromMs = 1000 + (1200 * 1000) / profile.rateHz;
    const toMs = fromMs + (300 * 1000) / profile.rateHz;
    const oneShot = profile.streamMedianMs === 0 && profile.ttfbMedianMs < 200;
    if (profile.rateHz < ratesFrom || (ratesFrom > 0 && !oneShot)) return [];
    return generateRoute(profile, 2400, own, [{ kind, fromMs, toMs, share }]);
  });
  return measureDetection(artifact, extractFeatures(routes.flat()));
}

describe("the default model", () => {
  it("is rebuilt byte for byte from its seed", () => {
    const rebuilt = encodeArtifact(buildDefaultModel().artifact);
    expect(Buffer.compare(rebuilt, bytes)).toBe(0);
  });

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
    const report = measureDetection(
      artifact,
      extractFeatures(healthyTraffic(99, "test", 32, 3000)),
    );
    expect(report.healthyRequests).toBeGreaterThan(100_000);
    expect(report.falseAlarmShare).toBeLessThan(0.002);
    expect(report.falseAlarmShare).toBeGreaterThan(0.0001);
  });

  it.each([
    ["error-burst", 1, 6, 0.8],
    ["error-burst", 0.34, 12, 0.7],
    ["flood", 1, 12, 0.1],
  ] as const)("finds every %s of share %d within requests", (kind, share, delay, recall) => {
    const report = underFault(kind, share);
    expect(report.faultsFound).toBe(report.faults);
    expect(report.faults).toBe(24);
    expect(report.delayRequests).toBeLessThanOrEqual(delay);
    expect(report.recall).toBeGreaterThanOrEqual(recall);
  });

  it("finds most slow arms on busy routes of short answers", () => {
    const report = underFault("slow-arm", 1, 3);
    expect(report.faults).toBeGreaterThanOrEqual(8);
    expect(report.faultsFound / report.faults).toBeGreaterThanOrEqual(0.75);
    expect(report.delayRequests).toBeLessThanOrEqual(30);
  });
});
