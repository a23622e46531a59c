import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeArtifact } from "../../../host-tools/src/model/artifact";
import { measureScorer } from "../../../host-tools/src/model-card/measure-scorer";
import { FAULT_KINDS } from "../../../host-tools/src/training/synthetic-faults";

describe("the figures of a scorer's card", () => {
  it("tell every kind of fault, and an alarm rate near the promised one for the shipped model", () => {
    const artifact = decodeArtifact(readFileSync(resolve("wasmplugin/models/default.gngl")));
    const said: string[] = [];
    const { detection, false_alarms: alarms } = measureScorer(artifact, (line) => said.push(line));
    expect(detection.map(({ fault }) => fault)).toEqual([...FAULT_KINDS]);
    expect(said).toHaveLength(FAULT_KINDS.length);
    for (const { episodes, found, recall } of detection) {
      expect(episodes).toBeGreaterThanOrEqual(6);
      expect(found).toBeLessThanOrEqual(episodes);
      expect(recall > 0).toBe(found > 0);
    }
    const burst = detection.find(({ fault }) => fault === "error-burst")!;
    expect(burst.found).toBe(burst.episodes);
    expect(alarms.nominal).toBeCloseTo(0.001, 6);
    expect(alarms.requests).toBeGreaterThan(20_000);
    expect(alarms.alarms / alarms.requests).toBeLessThan(0.004);
  });
});
