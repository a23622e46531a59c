import { describe, expect, it } from "vitest";
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
  const columns = { a: new Uint16Array(count), b: new Uint16Array(count) };
  const key = 3;
  const own = scenario.requests.flatMap(({ route }, i) => (route === key ? [i] : []));
  const seriesOf = (...layers: string[]) =>
    Array.from(columnsDetector(() => columns, layers).series(run)[key]!.value);

  it("takes no single request for an alarm, and two of three for one", () => {
    columns.a.fill(0);
    columns.a[own[10]!] = 900;
    expect(Math.max(...seriesOf("a"))).toBe(0);
    columns.a[own[12]!] = 700;
    expect(seriesOf("a")[12]).toBe(700);
  });

  it("combines by the harmonic mean of the p-values", () => {
    columns.a.fill(600);
    columns.b.fill(200);
    expect(seriesOf("a", "b")[20]).toBe(harmonicEvidence([600, 200]));
    // One layer that is sure outweighs one that is not, at the price of a factor of two.
    expect(seriesOf("a", "b")[20]).toBeGreaterThan(500);
  });

  it("keeps keys apart", () => {
    columns.a.fill(0);
    columns.a[own[10]!] = columns.a[own[11]!] = 900;
    const all = columnsDetector(() => columns, ["a"]).series(run);
    const loud = all.map(({ value }) => Math.max(...Array.from(value)));
    expect(loud).toEqual(scenario.routes.map((_, route) => (route === key ? 900 : 0)));
  });
});
