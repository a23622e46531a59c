import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { FEATURES } from "../../../host-tools/src/contract";
import { ContributionFollower } from "../../../host-tools/src/explain/contribution-follower";
import { decodeArtifact } from "../../../host-tools/src/model/artifact";
import { extractFeatures } from "../../../host-tools/src/model/feature-extractor";
import { ReferenceScorer } from "../../../host-tools/src/model/reference";
import { healthyTraffic } from "../../../host-tools/src/training/synthetic-traffic";

describe("what the outputs add to a surprise", () => {
  it("adds up to it, within the rounding of the score's own average", () => {
    const artifact = decodeArtifact(readFileSync(resolve("wasmplugin/models/default.gngl")));
    // Each step's average is rounded to a whole number, and its error fades with it.
    const rounding = artifact.outputs + 2 ** artifact.smoothingShift;
    for (const { vectors } of extractFeatures(healthyTraffic(31, "shares", 4, 400))) {
      const scorer = new ReferenceScorer(artifact);
      const follower = new ContributionFollower(artifact, scorer);
      for (let at = 0; at < vectors.length; at += FEATURES) {
        const { surprise } = follower.step(vectors.subarray(at, at + FEATURES));
        const sum = follower.parts.reduce((all, part) => all + part.residual + part.drift, 0);
        expect(Math.abs(sum - surprise)).toBeLessThanOrEqual(rounding);
      }
      expect(scorer.surprise).toBeGreaterThan(0);
    }
  });
});
