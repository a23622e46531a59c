import { describe, expect, it } from "vitest";
import { combineEvidence } from "../../../host-tools/src/calibration/reference-share";
import { columnsDetector, layerSubsets } from "../../../host-tools/src/evaluation/layer-subsets";
import { runEmbeddedSuite } from "../../../host-tools/src/faults/embedded-run";
import { healthyScenario } from "../../../host-tools/src/faults/make-scenario";
import { harmonicEvidence } from "../../../host-tools/src/statistics/reference-monitor";

describe("the subsets of the layers", () => {
  it("are all fifteen, single layers first and all together last", () => {
    const names = layerSubsets().map((layers) => layers.join("+"));
    expect(new Set(names).size).toBe(15);
    expect(names.slice(0, 4)).toEqual(["L0", "LSTM", "Transformer", "L2"]);
    expect(names.at(-1)).toBe("L0+LSTM+Transformer+L2");
  });
});

describe("a subset as a detector", () => {
  const scenario = healthyScenario("diurnal", 3, 0);
  const run = runEmbeddedSuite(scenario, { wasm: new Uint8Array(), pluginConfig: undefined });
  const count = scenario.requests.length;
  const columns = {
    L0: new Uint16Array(count),
    LSTM: new Uint16Array(count),
    Transformer: new Uint16Array(count),
  };
  const key = 3;
  const own = scenario.requests.flatMap(({ route }, i) => (route === key ? [i] : []));
  const seriesOf = (...layers: string[]) =>
    Array.from(columnsDetector(() => columns, layers).series(run)[key]!.value);

  it("takes no single request for an alarm, and two of three for one", () => {
    columns.L0.fill(0);
    columns.L0[own[10]!] = 900;
    expect(Math.max(...seriesOf("L0"))).toBe(0);
    columns.L0[own[12]!] = 700;
    expect(seriesOf("L0")[12]).toBe(700);
  });

  it("combines by the weighted harmonic mean of the p-values", () => {
    columns.L0.fill(600);
    columns.LSTM.fill(200);
    const both = [
      { evidence: 600, weight: 97 },
      { evidence: 200, weight: 3 },
    ];
    expect(seriesOf("L0", "LSTM")[20]).toBe(combineEvidence(both));
    // The statistics lose next to nothing; the sequence alone would have to be surer by far.
    expect(seriesOf("L0", "LSTM")[20]).toBeGreaterThan(590);
    columns.L0.fill(0);
    expect(seriesOf("L0", "LSTM")[20]).toBeLessThan(20);
  });

  it("takes several models of the sequence for one layer", () => {
    columns.LSTM.fill(600);
    columns.Transformer.fill(200);
    expect(seriesOf("LSTM", "Transformer")[20]).toBe(harmonicEvidence([600, 200]));
  });

  it("keeps keys apart", () => {
    columns.L0.fill(0);
    columns.L0[own[10]!] = columns.L0[own[11]!] = 900;
    const all = columnsDetector(() => columns, ["L0"]).series(run);
    const loud = all.map(({ value }) => Math.max(...Array.from(value)));
    expect(loud).toEqual(scenario.routes.map((_, route) => (route === key ? 900 : 0)));
  });
});
