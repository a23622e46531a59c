import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { runInspect } from "../../../host-tools/src/commands/inspect";
import { runTrain } from "../../../host-tools/src/commands/train";
import { ArtifactStatus, FEATURES } from "../../../host-tools/src/contract";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { decodeArtifact, encodeArtifact } from "../../../host-tools/src/model/artifact";
import { describeArtifact } from "../../../host-tools/src/model/describe-artifact";
import { drawProfile } from "../../../host-tools/src/training/route-profile";
import { generateRoute } from "../../../host-tools/src/training/synthetic-traffic";
import { startLab } from "./start-lab";

const folder = mkdtempSync(join(tmpdir(), "ganglion-model-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string) => join(folder, name);

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

/** A few routes' requests as a log would have them. */
function recordTraffic(seed: number, perRoute: number): string {
  const random = seededPrng(seed);
  const lines = [2, 3, 4].flatMap((kind) => {
    const own = random.fork(`route-${kind}`);
    return generateRoute(drawProfile(own, kind), perRoute, own).map((r) =>
      JSON.stringify({
        arrival_ms: r.arrivalMs,
        route: r.route,
        method: r.unsafeMethod ? "POST" : "GET",
        path_bytes: r.pathBytes,
        content_bytes: r.contentBytes,
        ttfb_ms: r.ttfbMs,
        latency_ms: r.latencyMs,
        status: r.status,
      }),
    );
  });
  const path = file(`traffic-${seed}.jsonl`);
  writeFileSync(path, lines.join("\n"));
  return path;
}

describe("ganglion train", () => {
  const small = { steps: 12, hidden: 16, name: "small", modelVersion: 7 };

  it("trains on recorded traffic, and the same seed gives the same bytes", async () => {
    const from = recordTraffic(1, 900);
    await runTrain({ ...small, from, seed: 3, output: file("a.gngl") });
    await runTrain({ ...small, from, seed: 3, output: file("b.gngl") });
    await runTrain({ ...small, from, seed: 4, output: file("c.gngl") });
    const [a, b, c] = ["a", "b", "c"].map((name) => readFileSync(file(`${name}.gngl`)));
    expect(a!.equals(b!)).toBe(true);
    expect(a!.equals(c!)).toBe(false);
    expect(decodeArtifact(a!)).toMatchObject({ name: "small", modelVersion: 7, hidden: 16 });
    expect(printed).toContain(`${describeArtifact(a!).sha256}  ${file("a.gngl")}\n`);
  });

  it.each(["gru", "lstm", "transformer", "linear"] as const)(
    "trains a %s",
    async (architecture) => {
      const output = file(`${architecture}.gngl`);
      await runTrain({ ...small, hidden: 8, architecture, from: recordTraffic(2, 900), output });
      expect(startLab().load(readFileSync(output))).toBe(ArtifactStatus.Ok);
      expect(describeArtifact(readFileSync(output)).self_test.passed).toBe(true);
    },
  );

  it("writes nothing on a dry run", async () => {
    const output = file("dry.gngl");
    await runTrain({ ...small, from: recordTraffic(2, 900), output, dryRun: true });
    expect(() => readFileSync(output)).toThrow("ENOENT");
    expect(printed).toContain("(not written)");
  });

  it("says what is wrong with its options", async () => {
    await expect(runTrain({ from: "synthetic" })).rejects.toThrow("nowhere to put the model");
    await expect(runTrain({ hidden: 20, dryRun: true })).rejects.toThrow("hidden is 20, must be");
    await expect(runTrain({ name: "a b", dryRun: true })).rejects.toThrow('name is "a b"');
    await expect(runTrain({ from: recordTraffic(3, 100), dryRun: true })).rejects.toThrow(
      "the traffic has 300 requests, at least 2000 are needed",
    );
  });
});

describe("ganglion inspect", () => {
  const shipped = resolve("wasmplugin/models/default.gngl");

  it("prints everything in the artifact as JSON", async () => {
    expect(await runInspect(shipped, { output: "json" })).toBe(0);
    expect(JSON.parse(printed)).toMatchObject(describeArtifact(readFileSync(shipped)));
    expect(JSON.parse(printed)).toMatchObject({
      name: "default",
      shape: { inputs: FEATURES, hidden: 16, outputs: 16 },
      self_test: { steps: 16, passed: true },
    });
  });

  it("prints it as text", async () => {
    expect(await runInspect(shipped)).toBe(0);
    expect(printed).toMatch(/^name +default$/m);
    expect(printed).toMatch(/^self-test +16 steps, passed$/m);
    expect(printed).toMatch(/^latency_shift +/m);
  });

  it("reports a failed self-test as a finding", async () => {
    const artifact = decodeArtifact(readFileSync(shipped));
    artifact.core[0]!.weights[5]! ^= 3;
    writeFileSync(file("bent.gngl"), encodeArtifact(artifact));
    expect(await runInspect(file("bent.gngl"), { output: "json" })).toBe(79);
    expect(JSON.parse(printed)).toMatchObject({ self_test: { passed: false } });
  });

  it("names what is wrong with a file that is no artifact", async () => {
    writeFileSync(file("text.gngl"), "x".repeat(300));
    await expect(runInspect(file("text.gngl"))).rejects.toThrow("artifact bad_magic: begins with");
  });
});
