import { beforeAll, describe, expect, it } from "vitest";
import { chooseEngine } from "../../../host-tools/src/demo/choose-engine";
import { demoConfiguration, demoPolicy } from "../../../host-tools/src/demo/demo-policy";
import { demoResult, type DemoResult } from "../../../host-tools/src/demo/demo-result";
import { makeDemoTraffic } from "../../../host-tools/src/demo/demo-traffic";
import { runEmbedded } from "../../../host-tools/src/demo/embedded-engine";
import { buildScenario } from "../../../host-tools/src/demo/scenario";

/** The generator, so that the test is the same where there are no recordings. */
const FITTED = "";

async function play(seed: number, durationS = 20): Promise<DemoResult> {
  const scenario = buildScenario(durationS);
  const configuration = await demoConfiguration(scenario);
  const traffic = makeDemoTraffic(scenario, seed, FITTED);
  const { facts } = await chooseEngine("embedded", () => {});
  const input = { scenario, traffic, configuration, seed, onProgress: () => {} };
  const output = await runEmbedded(input);
  const rest = { scenario, traffic, configuration, output, seed, toolVersion: "0" };
  return demoResult({ ...rest, engine: facts });
}

let result: DemoResult;
beforeAll(async () => {
  result = await play(1);
});

describe("the demo in the embedded host", () => {
  it("is the same twice, and another with another seed", async () => {
    expect(JSON.stringify(await play(1))).toBe(JSON.stringify(result));
    expect(JSON.stringify(await play(2))).not.toBe(JSON.stringify(result));
  });

  it("says which engine, model and traffic it used", () => {
    expect(result.engine).toMatchObject({ name: "embedded", workers: 2 });
    expect(result.traffic).toMatchObject({ source: "fitted", duration_s: 20 });
    expect(result.model.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it("gives both sides the same requests", () => {
    expect(result.with_filter.requests).toBe(result.without_filter.requests);
    expect(result.with_filter.requests).toBeGreaterThan(2000);
  });

  it("takes the traffic off the slow arm", () => {
    const { with_filter: ours, without_filter: theirs } = result;
    expect(ours.slow_share_after_2s_pct).toBeLessThanOrEqual(5);
    expect(theirs.slow_share_after_2s_pct).toBeGreaterThan(5);
    expect(ours.phases["slow arm"]!.p99_ms).toBeLessThan(theirs.phases["slow arm"]!.p99_ms);
  });

  it("holds the flood to its limit and nobody else to anything", () => {
    const { with_filter: ours, flood } = result;
    expect(ours.flood_admitted).toBeLessThanOrEqual(flood.allowed);
    expect(ours.flood_admitted).toBeGreaterThan(flood.allowed * 0.95);
    expect(result.without_filter.flood_admitted).toBe(flood.offered);
    expect(ours).toMatchObject({ refused: 0, errors: 0 });
  });

  it("lets the slow arm have its share back", () => {
    const before = result.with_filter.phases["warm-up"]!.arm_share_pct["large"]!;
    const after = result.with_filter.phases["recovery"]!.arm_share_pct["large"]!;
    expect(after).toBeGreaterThan(before / 2);
  });
});

describe("the demo's policy", () => {
  it("limits each tenant as the scenario says", async () => {
    const scenario = buildScenario();
    const { pluginConfig } = await demoConfiguration(scenario);
    const { routes } = JSON.parse(pluginConfig) as {
      routes: [{ limits: [{ requests_per_second: number; burst: number; values: object[] }] }];
    };
    const limit = routes[0].limits[0];
    for (const { name, limitPerSecond, limitBurst } of scenario.tenants) {
      const own = limit.values.find((one) => (one as { value: string }).value === name) ?? limit;
      expect(own).toMatchObject({ requests_per_second: limitPerSecond, burst: limitBurst });
    }
    expect(demoPolicy(scenario)).toContain("mode: enforce");
  });
});
