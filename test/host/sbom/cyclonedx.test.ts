// The list of contents: what is in the module, the same bytes each time.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../host-tools/src/oci";
import { sbomOf } from "../../../host-tools/src/sbom/cyclonedx";
import { generatedFiles } from "../../../host-tools/src/sbom/generated-files";
import { MODULE_PARTS } from "../../../host-tools/src/sbom/module-parts.gen";
import { expectGolden } from "../../support/golden";
import { sampleModule } from "../oci/sample";

const FACTS = { version: "1.2.3", revision: "abc", created: "2026-01-02T03:04:05Z", isOwn: true };
const text = (facts: Parameters<typeof sbomOf>[1], wasm = sampleModule(10)) =>
  Buffer.from(sbomOf(wasm, facts)).toString();

describe("a list of contents", () => {
  it("names the module by its digest, its parts and its compilers by version and digest", () => {
    expectGolden("sbom/own-module.json", text(FACTS));
  });

  it("claims nothing of a module that is not ours", () => {
    const bom = JSON.parse(text({ version: "1.2.3", isOwn: false })) as Record<string, any>;
    expect(bom.components).toEqual([]);
    expect(bom.metadata).toEqual({
      lifecycles: [{ phase: "build" }],
      component: {
        type: "application",
        "bom-ref": "ganglion.wasm",
        name: "ganglion.wasm",
        description: "WebAssembly module, Proxy-Wasm ABI 0.2.1.",
        hashes: [{ alg: "SHA-256", content: digestOf(sampleModule(10)).slice(7) }],
      },
    });
  });

  it("has a serial number of its own for each module", () => {
    const serial = (fill: number) =>
      (JSON.parse(text(FACTS, sampleModule(10, fill))) as { serialNumber: string }).serialNumber;
    expect(serial(1)).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    expect(serial(1)).toBe(serial(1));
    expect(serial(1)).not.toBe(serial(2));
  });

  it("lists what the lock file says", () => {
    const [[, made]] = generatedFiles((path) => readFileSync(path, "utf8")) as [[string, string]];
    for (const part of MODULE_PARTS) expect(made).toContain(part.sha512);
    expect(MODULE_PARTS.map((part) => part.name)).toContain("assemblyscript");
  });
});
