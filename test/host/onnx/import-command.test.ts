import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { runImport } from "../../../host-tools/src/commands/import-onnx";
import { ArtifactStatus, FEATURES } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { decodeArtifact } from "../../../host-tools/src/model/artifact";
import { describeArtifact } from "../../../host-tools/src/model/describe-artifact";
import { normal } from "../../../host-tools/src/model/exact-math";
import { ModelLab } from "../../../host-tools/src/model/model-lab";
import { ReferenceScorer } from "../../../host-tools/src/model/reference";
import type { ModelCard } from "../../../host-tools/src/model-card/model-card";
import { batchFirstGraph, skipGraph } from "./recurrent-graphs";
import { runOnnx } from "./second-runtime";

const folder = mkdtempSync(join(tmpdir(), "ganglion-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string) => join(folder, name);

let printed = "";
beforeEach(() => {
  printed = "";
  const write = (chunk: unknown, done?: unknown): boolean => {
    printed += String(chunk);
    (done as (() => void) | undefined)?.();
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(write as typeof process.stdout.write);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  return () => vi.restoreAllMocks();
});

/** Three routes of calm traffic, as a log has them. */
function recordTraffic(): string {
  const random = seededPrng(5).fork("import-traffic");
  const lines = ["chat", "embed", "search"].flatMap((route, kind) => {
    let atMs = 0;
    return Array.from({ length: 900 }, () => {
      atMs += random.exponential(40 + 30 * kind);
      const latency = (20 + 60 * kind) * 2 ** (0.4 * normal(random));
      return JSON.stringify({
        arrival_ms: Math.round(atMs),
        route,
        method: kind === 0 ? "POST" : "GET",
        content_bytes: kind === 0 ? 200 + random.below(2000) : 0,
        latency_ms: Math.round(latency),
        ttfb_ms: Math.round(latency / 2),
        status: random.below(50) === 0 ? 503 : 200,
      });
    });
  });
  writeFileSync(place("traffic.jsonl"), lines.join("\n"));
  return place("traffic.jsonl");
}

const common = { seed: 1, name: "imported", modelVersion: 3 };

/** Imports a graph of all features and gives the artifact's bytes. */
async function importGraph(
  architecture: "LSTM" | "GRU",
  seed: number,
  output: string,
): Promise<{ readonly graph: Uint8Array; readonly bytes: Buffer }> {
  const shape = { architecture, inputs: FEATURES, hidden: 16, outputs: FEATURES, spread: 0.25 };
  const graph = batchFirstGraph(shape, seededPrng(seed));
  writeFileSync(place("model.onnx"), graph);
  await runImport(place("model.onnx"), { ...common, from: recordTraffic(), output: place(output) });
  return { graph, bytes: readFileSync(place(output)) };
}

describe("ganglion import", () => {
  it.each(["LSTM", "GRU"] as const)(
    "makes a %s an artifact that the filter's scorer runs as its reference does",
    async (architecture) => {
      const { bytes } = await importGraph(architecture, 11, `${architecture}.gngl`);
      const { sha256 } = describeArtifact(bytes);
      expect(printed).toBe(`${sha256}  ${place(`${architecture}.gngl`)}\n`);
      const artifact = decodeArtifact(bytes);
      expect(artifact).toMatchObject({ name: "imported", modelVersion: 3, outputs: FEATURES });
      const lab = ModelLab.start(readFileSync(resolve("build/model.lab.wasm")));
      expect(lab.load(bytes)).toBe(ArtifactStatus.Ok);
    },
  );

  it.each(["LSTM", "GRU"] as const)(
    "keeps the int8 predictions of a %s within a twentieth of a deviation of the second runtime's",
    async (architecture) => {
      const { graph, bytes } = await importGraph(architecture, 12, "close.gngl");
      const scorer = new ReferenceScorer(decodeArtifact(bytes));
      const random = seededPrng(3).fork("vectors");
      const steps = 200;
      const x = Int16Array.from({ length: steps * FEATURES }, () =>
        Math.max(-32768, Math.min(32767, Math.round(4096 * normal(random)))),
      );
      const values = Float32Array.from(x, (one) => one / 4096);
      const exact = await runOnnx(graph, "features", [1, steps, FEATURES], values);
      const errors = Array.from({ length: steps }, (_, step) => {
        scorer.step(x.subarray(step * FEATURES, (step + 1) * FEATURES));
        return Array.from({ length: FEATURES }, (_unused, i) =>
          Math.abs(scorer.prediction[i]! / 4096 - exact[step * FEATURES + i]!),
        );
      }).flat();
      errors.sort((a, b) => a - b);
      expect(errors[errors.length >> 1]!).toBeLessThan(0.01);
      expect(errors[errors.length - 1]!).toBeLessThan(0.05);
    },
  );

  it("gives the same bytes for the same model, traffic and seed", async () => {
    const first = await importGraph("GRU", 13, "first.gngl");
    const second = await importGraph("GRU", 13, "second.gngl");
    expect(first.bytes.equals(second.bytes)).toBe(true);
  });

  it("writes a card that says where the model is from and how well int8 follows it", async () => {
    await importGraph("LSTM", 14, "card.gngl");
    const card = JSON.parse(readFileSync(place("card.gngl.card.json"), "utf8")) as ModelCard;
    expect(card.facts.recipe).toMatchObject({ imported_from: "ONNX", operator_set: 17 });
    expect(card.facts.data).toMatchObject({ source: "traffic.jsonl", routes: 3, seed: null });
    expect(card.facts.quantisation!.worst_error).toBeLessThan(0.1);
    expect(card.facts.quantisation!.requests).toBeGreaterThan(600);
    expect(card.limits.join("\n")).toContain("is not known here");
  });

  it("takes named columns, and writes nothing on a dry run", async () => {
    const graph = skipGraph(
      { architecture: "GRU", inputs: 5, hidden: 10, outputs: 4 },
      seededPrng(2),
    );
    writeFileSync(place("named.onnx"), graph);
    const named = {
      ...common,
      from: recordTraffic(),
      inputs: "log_latency_fast,error_fast,log_in_flight,log_ttfb_fast,error_slow",
      outputs: "log_latency_fast,log_in_flight:change,log_latency_fast:q0.9,error_fast:logit",
      unit: "raw",
      dryRun: true,
    } as const;
    expect(await runImport(place("named.onnx"), named)).toBe(0);
    expect(printed).toMatch(/^[0-9a-f]{64} {2}\(not written\)\n$/);
    const { dryRun, ...written } = named;
    await expect(runImport(place("named.onnx"), written)).rejects.toThrow("nowhere to put");
    expect(dryRun).toBe(true);
  });
});
