// What becomes of text: streams, lists, JSON, anchors, and the place of whatever stands in it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readObjects } from "../../../host-tools/src/verify";
import { regionOf } from "../../../host-tools/src/verify/source/place";
import { readPaths } from "../../../host-tools/src/verify/source/read-files";
import { viewOf } from "../../../host-tools/src/verify/source/view";

const rule = (name: string, end = "\n"): string =>
  ["kind: DestinationRule", "metadata:", `  name: ${name}`, "spec:", `  host: ${name}`, ""].join(
    end,
  );

function placeOf(text: string, i: number, ...path: (string | number)[]): string {
  const object = readObjects("a.yaml", text, "ai")[i]!;
  const { start, end } = regionOf(viewOf(object).at(...path));
  return `${start.line}:${start.column}-${end.line}:${end.column}`;
}

describe("objects of a text", () => {
  it("are those of all documents of a stream, whatever is between", () => {
    const text = `# head\n---\n${rule("a")}---\n\n--- # next\n${rule("b")}---\nplain text\n`;
    expect(readObjects("a.yaml", text, "ai").map(({ name }) => name)).toEqual(["a", "b"]);
    expect(placeOf(text, 1, "spec", "host")).toBe("15:3-15:10");
  });

  it("have the namespace of their metadata, else the given one", () => {
    const [a, b] = readObjects("a", `${rule("a")}---\n${rule("b")}  x: 1\nmetadata2: {}\n`, "ai");
    expect([a?.namespace, b?.namespace]).toEqual(["ai", "ai"]);
    const own = rule("c").replace("  name: c", "  name: c\n  namespace: shop");
    expect(readObjects("a", own, "ai")[0]?.namespace).toBe("shop");
  });

  it("stand in lists, with the place of the item", () => {
    const text = `kind: List\nitems:\n  - kind: Service\n    metadata: { name: s }\n  - kind: Pod\n`;
    const objects = readObjects("a", text, "ai");
    expect(objects.map(({ kind, listed }) => [kind, listed])).toEqual([
      ["Service", true],
      ["Pod", true],
    ]);
    expect(placeOf(text, 0, "metadata", "name")).toBe("4:17-4:24");
    expect(placeOf(text, 1, "kind")).toBe("5:5-5:14");
  });

  it("may be JSON", () => {
    const text = JSON.stringify({ kind: "Service", metadata: { name: "s" } }, undefined, 2);
    expect(readObjects("a.json", text, "ai")[0]?.name).toBe("s");
    expect(placeOf(text, 0, "metadata", "name")).toBe("4:5-4:16");
  });

  it("have the same lines and columns with carriage returns", () => {
    const text = rule("a", "\r\n");
    expect(placeOf(text, 0, "spec", "host")).toBe("5:3-5:10");
  });

  it("may share parts by anchors and merge keys", () => {
    const text = `kind: Pod\nbase: &b\n  host: x\nspec: *b\nmore:\n  <<: *b\n  port: 1\n`;
    const [object] = readObjects("a", text, "ai");
    const view = viewOf(object!);
    expect(view.at("spec", "host").text()).toBe("x");
    expect(view.at("more", "host").text()).toBe("x");
    expect(placeOf(text, 0, "more", "host")).toBe("3:3-3:10");
  });

  it("are told where they are missing by the nearest thing above", () => {
    expect(placeOf(rule("a"), 0, "spec", "trafficPolicy", "tls")).toBe("4:1-4:5");
    expect(placeOf(rule("a"), 0, "status")).toBe("1:1-1:5");
  });

  it.each([
    ["a: [", "a.yaml:1:"],
    [`${rule("a")}---\na: 1\n b: 2\n`, "a.yaml:7:4: "],
    ["a: &x [*x]\nkind: Pod\nb: *y\n", "a.yaml:"],
    [`kind: Pod\nx: &a [1, 1]\ny: &b [${"*a,".repeat(600)}]\nz: [*b, *b]\n`, "a.yaml:1:1: "],
    ["kind: Pod\nkind: Pod\n", "a.yaml:"],
  ])("are an error with its place where the text is no YAML: %#", (text, place) => {
    expect(() => readObjects("a.yaml", text, "ai")).toThrow(place);
  });
});

describe("objects of files", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ganglion-read-"));
    for (const path of ["chart/templates", ".git", "node_modules"]) {
      mkdirSync(join(folder, path), { recursive: true });
    }
    writeFileSync(join(folder, "a.yaml"), rule("a"));
    writeFileSync(join(folder, "b.yml"), rule("b"));
    writeFileSync(join(folder, "broken.yaml"), "a: [");
    writeFileSync(join(folder, "package.json"), '{ "name": "x" }');
    writeFileSync(join(folder, "c.json"), '{ "kind": "Service" }');
    writeFileSync(join(folder, "notes.txt"), rule("t"));
    writeFileSync(join(folder, "chart/Chart.yaml"), "name: c\n");
    writeFileSync(join(folder, "chart/templates/x.yaml"), "{{ if }}\n");
    writeFileSync(join(folder, ".git/d.yaml"), rule("d"));
    writeFileSync(join(folder, "node_modules/e.yaml"), rule("e"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("are those of YAML and of JSON that is an object; templates and hidden folders are not read", async () => {
    const { objects, faults } = await readPaths([folder], "ai");
    expect(objects.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "DestinationRule a",
      "DestinationRule b",
      "Service ",
    ]);
    expect(faults.map((fault) => fault.code)).toEqual(["E_MESH_YAML"]);
  });

  it("are an error where the path is none", async () => {
    await expect(readPaths([join(folder, "no")], "ai")).rejects.toThrow(
      "no such file or directory",
    );
  });
});
