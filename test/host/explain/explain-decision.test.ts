import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { explainDecision } from "../../../host-tools/src/explain/explain-decision";
import { explanationText } from "../../../host-tools/src/explain/explanation-text";
import {
  canonicalJson,
  type PluginConfig,
  withModel,
} from "../../../host-tools/src/config/plugin-config";
import { FEATURES } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { encodeArtifact } from "../../../host-tools/src/model/artifact";
import { quantiseModel } from "../../../host-tools/src/model/quantise-model";
import { columnsOf, toFloatModel } from "../../../host-tools/src/onnx/float-import";
import { importOnnx } from "../../../host-tools/src/onnx/imported-model";
import { batchFirstGraph } from "../onnx/recurrent-graphs";
import { type BundleModels, encodeBundle, readModels } from "../../../host-tools/src/model/bundle";
import { replayConfig } from "../../../host-tools/src/replay/replay-config";
import type { RecordedRequest } from "../../../host-tools/src/replay/recorded-request";
import { readTraffic } from "../../../host-tools/src/replay/traffic-file";
import { readFilterModule } from "../../../host-tools/src/lib/filter-module";
import { SPIKE_POLICY } from "../replay/spike-traffic";

const ones = () => new Float64Array(FEATURES).fill(1);

/** As the command does it. */
function modelsIn(pluginConfig: string): BundleModels {
  const { model } = JSON.parse(pluginConfig) as PluginConfig;
  return readModels(Buffer.from(model!.base64, "base64"));
}
const plain = { strong: same, dim: same, good: same, bad: same };
function same(text: string): string {
  return text;
}

let wasm: Uint8Array;
let shadow: string;
let enforcing: string;
beforeAll(async () => {
  wasm = await readFilterModule();
  shadow = await replayConfig({ file: "" });
  enforcing = await replayConfig({ file: "spike.yaml", text: SPIKE_POLICY });
});

interface Line {
  readonly at_ms: number;
  readonly path?: string;
  readonly latency_ms: number;
  readonly status?: number;
  readonly headers?: Record<string, string>;
}

async function traffic(lines: readonly Line[]): Promise<RecordedRequest[]> {
  return readTraffic([Buffer.from(lines.map((line) => JSON.stringify(line)).join("\n"))]);
}

/** A calm route of which, from the given request on, all answers are errors. */
function errorBurst(calm: number, burst: number): Line[] {
  return Array.from({ length: calm + burst }, (_, i) => ({
    at_ms: i * 50,
    latency_ms: i < calm ? 20 + (i % 7) : 2,
    status: i < calm ? 200 : 503,
    headers: { "x-request-id": `id-${i}` },
  }));
}

async function explain(lines: readonly Line[], which?: string, pluginConfig = shadow) {
  const requests = await traffic(lines);
  return explainDecision({
    requests,
    which,
    wasm,
    pluginConfig,
    models: modelsIn(pluginConfig),
    otherContent: undefined,
    seed: 1,
  });
}

describe("an explained decision", () => {
  it("is that of the request with the highest score, where none is named", async () => {
    const explanation = await explain(errorBurst(400, 40));
    expect(explanation.request.number).toBeGreaterThan(400);
    expect(explanation.decision).toMatchObject({ verdict: "tag", reason: "anomaly" });
    expect(explanation.agreement).toMatch(/^exact/);
  });

  it("names the features that failed answers move", async () => {
    const { layers, sentence } = await explain(errorBurst(400, 40));
    const sequence = layers.find(({ layer }) => layer === "L1");
    expect(sequence!.evidence).toBeGreaterThanOrEqual(3);
    expect(sequence!.parts[0]!.name).toMatch(/^(error|failed)_/);
    const shares = sequence!.parts.map(({ share }) => share);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeLessThanOrEqual(1 + 1e-9);
    expect(sentence).toMatch(
      /an anomaly to the sequence model: (beyond )?1 in \d+ in healthy traffic/,
    );
  });

  it("shows what the statistics saw move, with what was usual before", async () => {
    const { layers, agreement, threshold } = await explain(errorBurst(4000, 700), "4700");
    expect(agreement).toMatch(/^exact/);
    expect(threshold.set_by).toBe("route");
    expect(threshold.evidence).toBeGreaterThan(1);
    const statistics = layers.find(({ layer }) => layer === "L0")!;
    expect(statistics.evidence).toBeGreaterThan(2);
    expect(statistics.note).toMatch(/^what has moved over the last half minute/);
    expect(statistics.parts).toEqual([
      { name: "failures", seen: "100 %", expected: "0 %", share: 1 },
    ]);
  });

  it("agrees with the filter in the middle of a burst of two seconds", async () => {
    const { layers, agreement } = await explain(errorBurst(6000, 40), "6040");
    expect(agreement).toMatch(/^exact/);
    const statistics = layers.find(({ layer }) => layer === "L0")!;
    const names = statistics.parts.map(({ name }) => name);
    expect(names).toContain("failures");
  });

  it("is found by number, by id, and by a line of a decision log", async () => {
    const lines = errorBurst(100, 5);
    const number = async (which: string) => (await explain(lines, which)).request.number;
    expect(await number("42")).toBe(42);
    expect(await number("id-41")).toBe(42);
    expect(await number('{"at_ms":2050,"method":"GET","path":"/","verdict":"allow"}')).toBe(42);
    await expect(number("106")).rejects.toThrow("there is no request 106 in the traffic");
    await expect(number('{"at_ms":2051}')).rejects.toThrow("there is no request");
  });

  it("combines the layers that act, and leaves out those that only observe", async () => {
    const { layers, combined, decision } = await explain(errorBurst(4000, 60), "4060");
    expect(layers.map(({ layer, acts }) => [layer, acts])).toEqual([
      ["L0", true],
      ["L1", true],
      ["L2", false],
    ]);
    const acting = layers.slice(0, 2).map(({ evidence }) => evidence!);
    expect(combined.evidence).toBeLessThanOrEqual(Math.max(...acting));
    expect(combined.evidence).toBeGreaterThan(Math.max(...acting) - 0.31);
    expect(combined.score_permille).toBe(decision.score_permille);
  });

  it("says that the route is warming up, and has then no parts", async () => {
    const { layers, sentence } = await explain(errorBurst(100, 0), "10");
    const sequence = layers.find(({ layer }) => layer === "L1")!;
    expect(sequence).toMatchObject({ evidence: null, parts: [] });
    expect(sequence.note).toMatch(/^warming up, request 10 of 64; /);
    expect(sentence).toContain("allow");
  });

  it("shows the pieces of a path that made the content score", async () => {
    const attack = "/search?q=1%27%20union%20select%20password%20from%20users--";
    const lines = errorBurst(80, 0).map((line, i) => (i === 79 ? { ...line, path: attack } : line));
    const { layers } = await explain(lines, "80");
    const found = layers.find(({ layer }) => layer === "L2")!;
    expect(found.evidence).toBeGreaterThan(2);
    expect(found.note).toContain("union select");
    expect(found.parts.length).toBeGreaterThan(2);
    const usual = await explain(errorBurst(80, 0), "80");
    expect(usual.layers.find(({ layer }) => layer === "L2")!.evidence).toBeLessThan(1);
  });

  it("tells a refusal by a limit from one by the score", async () => {
    const lines = Array.from({ length: 40 }, (_, i) => ({
      at_ms: i,
      method: "POST",
      path: "/api/llm/chat",
      latency_ms: 50,
      headers: { "x-user-tier": "free" },
    }));
    const { decision, sentence } = await explain(lines, "40", enforcing);
    expect(decision).toMatchObject({ verdict: "throttle", reason: "rate_limit", answered: 429 });
    expect(sentence).toContain("because a rate limit had no token left");
  });

  it("agrees with the filter on every request of a recorded spike", async () => {
    const file = readFileSync(resolve("test/golden/traffic/spike.jsonl"));
    const requests = await readTraffic([file]);
    for (const number of [200, 320, 353, 400, 500, 560]) {
      const explanation = explainDecision({
        requests,
        which: String(number),
        wasm,
        pluginConfig: shadow,
        models: modelsIn(shadow),
        otherContent: undefined,
        seed: 1,
      });
      expect(explanation.agreement).toMatch(/^exact/);
    }
  });

  it("agrees with the filter on two scorers and a content table that acts", async () => {
    const graph = importOnnx(
      batchFirstGraph(
        { architecture: "LSTM", inputs: FEATURES, hidden: 8, outputs: FEATURES, spread: 0.2 },
        seededPrng(3),
      ),
    );
    const standard = { offsets: new Float64Array(FEATURES), deviations: ones() };
    const second = quantiseModel(toFloatModel(graph, columnsOf(graph), standard), {
      name: "second",
    });
    const members = [
      readFileSync(resolve("wasmplugin/models/default.gngl")),
      encodeArtifact(second),
      readFileSync(resolve("wasmplugin/models/content.gngl")),
    ];
    const anomaly = { content: "act" } as const;
    const config = canonicalJson(
      withModel(
        { version: 1, mode: "shadow", expose: "always", routes: [{ name: "all", anomaly }] },
        encodeBundle({ name: "three", modelVersion: 1, members }),
      ),
    );
    const lines = errorBurst(300, 20);
    for (const number of ["150", "310", "320"]) {
      const { layers, agreement, models } = await explain(lines, number, config);
      expect(layers.map(({ layer }) => layer)).toEqual(["L0", "L1", "L1", "L2"]);
      expect(models.map(({ name }) => name)).toEqual(["default", "second", "content"]);
      expect(agreement).toMatch(/^exact/);
    }
  });

  it("is text with a sentence, a bar a layer and a table a layer", async () => {
    const text = explanationText(await explain(errorBurst(400, 40)), plain);
    expect(text).toMatch(/^Request \d+ on route all: tag \(in shadow\)/);
    expect(text).toMatch(/^ {2}L1 sequence model +█+/m);
    expect(text).toMatch(/^ {2}L2 content/m);
    expect(text).not.toMatch(/NaN|undefined|\u001b/);
  });
});
