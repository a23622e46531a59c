// What Envoy sees of the module before a request comes: imports, exports, sizes. A new import is a
// new host call on somebody's budget, so the list is a golden file.

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import binaryen from "binaryen";
import { describe, expect, it } from "vitest";
import { expectGolden } from "../support/golden";
import { filterWasm } from "../support/filter-proxy";
import { readSections } from "../support/filter-sections";

const PAGE_BYTES = 65_536;

describe("the release module", () => {
  const module = new WebAssembly.Module(filterWasm());
  const sections = readSections(filterWasm());

  it("has the imports and exports of the golden list", () => {
    const imports = WebAssembly.Module.imports(module)
      .map((i) => `${i.module}.${i.name}`)
      .sort();
    const exports = WebAssembly.Module.exports(module)
      .map((e) => `${e.name} ${e.kind}`)
      .sort();
    const text = JSON.stringify({ imports, exports }, null, 2);
    expectGolden("wasm/imports-exports.json", `${text}\n`);
  });

  it("imports functions only: memory and table are its own", () => {
    for (const { kind } of WebAssembly.Module.imports(module)) expect(kind).toBe("function");
  });

  it("has no start section: Envoy crashes on a host call from one", () => {
    expect(sections.hasStart).toBe(false);
  });

  it("is at most 96 KiB", () => {
    expect(statSync(resolve("build/ganglion.wasm")).size).toBeLessThanOrEqual(96 * 1024);
  });

  it("starts with at most 4 MiB of memory and never has more than 64 pages", () => {
    expect(sections.memory.initialPages * PAGE_BYTES).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(sections.memory.maximumPages).toBe(64);
  });

  it("carries no names and no path of the machine that built it", () => {
    expect(sections.custom).toEqual([]);
    const text = Buffer.from(filterWasm()).toString("latin1");
    expect(text).not.toMatch(/\/(home|root|work|tmp|Users)\//);
  });

  it("uses SIMD, and no relaxed SIMD, which differs between machines", () => {
    const parsed = binaryen.readBinary(filterWasm());
    const text = parsed.emitText();
    parsed.dispose();
    expect(text).toMatch(/\(i32x4\.dot_i16x8_s/);
    expect(text).not.toMatch(/relaxed/);
  });
});

describe("the debug module", () => {
  it("has the same imports and exports", () => {
    const debug = new WebAssembly.Module(readFileSync(resolve("build/ganglion.debug.wasm")));
    const release = new WebAssembly.Module(filterWasm());
    const names = (of: WebAssembly.Module) => [
      ...WebAssembly.Module.imports(of).map((i) => i.name),
      ...WebAssembly.Module.exports(of).map((e) => e.name),
    ];
    expect(names(debug).sort()).toEqual(names(release).sort());
  });
});
