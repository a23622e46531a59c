import { beforeAll, describe, expect, it } from "vitest";
import { episodeVerdicts, agreement } from "../../../host-tools/src/faults/agreement";
import { runEmbeddedSuite } from "../../../host-tools/src/faults/embedded-run";
import { harmonicMean } from "../../../host-tools/src/faults/evidence-detector";
import { readFilter } from "../../../host-tools/src/faults/filter-reading";
import { liveScenario } from "../../../host-tools/src/faults/live-scenario";
import { FAULT_CLASSES } from "../../../host-tools/src/faults/fault-class";
import { suiteArtifact, suiteConfig } from "../../../host-tools/src/faults/suite-config";
import type { SuiteRun } from "../../../host-tools/src/faults/suite-run";
import { readFilterModule } from "../../../host-tools/src/lib/filter-module";

const scenario = liveScenario(2);
let filtered: SuiteRun;
let bare: SuiteRun;
let again: SuiteRun;
beforeAll(async () => {
  const wasm = await readFilterModule();
  const pluginConfig = suiteConfig(scenario.routes, await suiteArtifact());
  filtered = runEmbeddedSuite(scenario, { wasm, pluginConfig });
  again = runEmbeddedSuite(scenario, { wasm, pluginConfig });
  bare = runEmbeddedSuite(scenario, { wasm, pluginConfig: undefined });
});

describe("the live scenario", () => {
  it("has every fault once", () => {
    const faults = scenario.episodes.map((episode) => episode.fault).sort();
    expect(faults).toEqual([...FAULT_CLASSES].sort());
  });

  it("fits the templates and the patience of a real load generator", () => {
    const { requests } = scenario;
    expect(requests.length).toBeLessThan(65_536);
    expect(requests.at(-1)!.atMs).toBeLessThan(150_000);
    expect(Math.max(...requests.map((one) => one.contentBytes))).toBeLessThanOrEqual(65_536);
  });
});

describe("a run in the embedded host", () => {
  it("answers every request", () => {
    expect(filtered.status.every((status) => status >= 200)).toBe(true);
    expect(filtered.latencyMs.every((ms, i) => ms >= filtered.ttfbMs[i]!)).toBe(true);
  });

  it("is the same each time", () => {
    expect(again).toEqual(filtered);
  });

  it("gives the same answers without the filter, which only watches", () => {
    expect(bare.status).toEqual(filtered.status);
    expect(bare.latencyMs).toEqual(filtered.latencyMs);
    expect(bare.alarm.some((one) => one === 1)).toBe(false);
  });

  it("refuses what the scenario refuses, and fails where an arm does", () => {
    scenario.requests.forEach(({ answer }, i) => {
      if (answer !== 0) expect(filtered.status[i]).toBe(answer);
    });
    const burst = scenario.episodes.find((one) => one.fault === "error-burst")!;
    const during = scenario.requests.flatMap((one, i) =>
      one.route === burst.route && one.atMs >= burst.fromMs && one.atMs < burst.untilMs ? [i] : [],
    );
    const failed = during.filter((i) => filtered.status[i] === 503).length;
    expect(failed / during.length).toBeGreaterThan(0.4);
  });

  it("agrees with itself about every episode", () => {
    const verdicts = episodeVerdicts(filtered);
    expect(verdicts).toHaveLength(FAULT_CLASSES.length);
    expect(agreement(verdicts, episodeVerdicts(again))).toBe(1);
    const none = episodeVerdicts(bare);
    const found = verdicts.filter((one) => one.isFound).length;
    expect(agreement(verdicts, none)).toBeCloseTo(1 - found / verdicts.length);
  });
});

describe("a reading of the filter", () => {
  const of = (headers: Record<string, string>) => readFilter((name) => headers[name]);

  it("takes evidence of the whole and of each layer, and the alarm from the verdict", () => {
    expect(of({ "x-ganglion-evidence": "300,100,500,0", "x-ganglion-verdict": "tag" })).toEqual({
      evidence: { combined: 300, statistics: 100, sequence: 500, content: 0 },
      isAlarm: true,
    });
  });

  it("knows silence from zero", () => {
    const { evidence, isAlarm } = of({});
    expect(Object.values(evidence)).toEqual([NaN, NaN, NaN, NaN]);
    expect(isAlarm).toBe(false);
    expect(of({ "x-ganglion-evidence": "0,0,0,0" }).evidence.combined).toBe(0);
  });
});

describe("the harmonic mean of p-values", () => {
  it("is the evidence itself where all say the same", () => {
    expect(harmonicMean([512, 512, 512], [97, 3, 97])).toBeCloseTo(512, 6);
  });

  it("loses what its weight is worth where one speaks alone", () => {
    expect(harmonicMean([1024, 0], [1, 1])).toBeCloseTo(1024 - 256 * Math.log10(2), 1);
    expect(harmonicMean([1024, 0], [97, 3])).toBeCloseTo(1024 - 256 * Math.log10(100 / 97), 1);
    expect(harmonicMean([0, 1024], [97, 3])).toBeCloseTo(1024 - 256 * Math.log10(100 / 3), 0);
  });
});
