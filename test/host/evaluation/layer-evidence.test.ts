import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeContent } from "../../../host-tools/src/content/content-artifact";
import { ContentLab } from "../../../host-tools/src/content/content-lab";
import { scoreContent } from "../../../host-tools/src/content/reference-content";
import {
  contentEvidence,
  featuresByKey,
  sequenceEvidence,
  statisticsEvidence,
} from "../../../host-tools/src/evaluation/layer-evidence";
import { trafficByKey } from "../../../host-tools/src/evaluation/suite-traffic";
import { runEmbeddedSuite } from "../../../host-tools/src/faults/embedded-run";
import { healthyScenario } from "../../../host-tools/src/faults/make-scenario";
import { suiteConfig } from "../../../host-tools/src/faults/suite-config";
import { SUITE_ROUTES } from "../../../host-tools/src/faults/suite-routes";
import { ModelLab } from "../../../host-tools/src/model/model-lab";

const built = (name: string) => readFileSync(resolve("build", name));
const model = readFileSync(resolve("wasmplugin/models/default.gngl"));

/** A little more than the warm-up, all routes: the release filter says its evidence of each request. */
const run = runEmbeddedSuite(healthyScenario("heavy-tailed", 1, 0.02), {
  wasm: built("ganglion.wasm"),
  pluginConfig: suiteConfig(SUITE_ROUTES, model),
});
const keys = trafficByKey(run);

describe("the layers that are run one by one", () => {
  it("have the statistics that the release filter told", () => {
    const column = statisticsEvidence(run);
    expect(column.length).toBeGreaterThan(40_000);
    expect(Array.from(column)).toEqual(Array.from(run.evidence.statistics));
    expect(column.some((evidence) => evidence > 512)).toBe(true);
  });

  it("have the sequence model of the release filter, up to the clock's last nanosecond", () => {
    const lab = ModelLab.start(built("model.lab.wasm"));
    const column = sequenceEvidence(run, keys, featuresByKey(keys), lab, model);
    const said = run.evidence.sequence;
    const distances = Array.from(column, (evidence, i) => Math.abs(evidence - said[i]!));
    const different = distances.filter((distance) => distance > 0);
    // Latencies that the proxy measures are whole nanoseconds; the run keeps them as f32.
    expect(different.length / distances.length).toBeLessThan(0.01);
    expect(Math.max(...different)).toBeLessThanOrEqual(8);
  });

  it("have the content scorer of the reference", () => {
    const bytes = readFileSync(resolve("wasmplugin/models/content.gngl"));
    const column = contentEvidence(run, ContentLab.start(built("content.lab.wasm")), bytes);
    const artifact = decodeContent(bytes);
    for (let i = 0; i < 2000; i++) {
      const target = Buffer.from(run.scenario.requests[i]!.path, "latin1");
      expect(column[i]).toBe(scoreContent(artifact, target).evidence);
    }
  });
});
