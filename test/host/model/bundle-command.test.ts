// `ganglion bundle`, and that whoever takes an artifact takes a bundle.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { runBundle } from "../../../host-tools/src/commands/bundle";
import { bundleMembers, modelVersionOf, readModels } from "../../../host-tools/src/model/bundle";
import { readShippedBundle } from "../../../host-tools/src/model/shipped-bundle";
import { configOf, exchange, filterProxy, modelOf } from "../../support/filter-proxy";

const folder = mkdtempSync(join(tmpdir(), "ganglion-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const quiet = ((_chunk: unknown, done?: unknown): boolean => {
  if (typeof done === "function") (done as () => void)();
  return true;
}) as typeof process.stdout.write;
vi.spyOn(process.stderr, "write").mockImplementation(quiet);
vi.spyOn(process.stdout, "write").mockImplementation(quiet);

const SCORER = resolve("wasmplugin/models/default.gngl");
const CONTENT = resolve("wasmplugin/models/content.gngl");

describe("ganglion bundle", () => {
  it("puts the members into one file, whole and in order", async () => {
    const output = join(folder, "both.gngl");
    await runBundle([SCORER, CONTENT], { name: "both", output });
    const bytes = readFileSync(output);
    expect(bundleMembers(bytes).map((member) => Buffer.from(member))).toEqual([
      readFileSync(SCORER),
      readFileSync(CONTENT),
    ]);
    expect(modelVersionOf(bytes)).toBe(modelVersionOf(readFileSync(SCORER)));
    expect(readModels(bytes).content).toBeDefined();
  });

  it("takes the version that it is given", async () => {
    const output = join(folder, "seven.gngl");
    await runBundle([SCORER], { name: "seven", modelVersion: 7, output });
    expect(modelVersionOf(readFileSync(output))).toBe(7);
  });

  it("refuses two content tables, and names without a word to print", async () => {
    const output = join(folder, "none.gngl");
    await expect(runBundle([CONTENT, CONTENT], { name: "x", output })).rejects.toMatchObject({
      code: "E_ARTIFACT_BAD_MEMBER",
    });
    await expect(runBundle([SCORER], { name: "a b", output })).rejects.toMatchObject({
      code: "E_MODEL_NAME",
    });
    await expect(runBundle([], { name: "x", output })).rejects.toMatchObject({
      code: "E_BUNDLE_MEMBERS",
    });
  });
});

describe("the filter with the shipped bundle", () => {
  const attack =
    "/api?file=../../../../etc/passwd%00&x=' or 1=1 union select password from users--";
  const contentOf = async (path: string): Promise<number> => {
    const model = modelOf(await readShippedBundle());
    const proxy = filterProxy(configOf([{ name: "all" }], { model, expose: "always" }));
    const { marks } = exchange(proxy, [
      [":method", "GET"],
      [":path", path],
      [":authority", "api"],
    ]);
    return Number(marks["x-ganglion-evidence"]?.split(",")[3]);
  };

  it("says more of an attack's path than of a plain one's", async () => {
    expect(await contentOf(attack)).toBeGreaterThan(512);
    expect(await contentOf("/api/v1/chat?stream=true")).toBeLessThan(256);
  });
});
