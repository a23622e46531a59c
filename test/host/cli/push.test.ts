// `ganglion push` from an artifact to a changed file, with the release module reading what is
// pushed.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import type { PluginConfig } from "../../../host-tools/src/config/plugin-config";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { encodeArtifact } from "../../../host-tools/src/model/artifact";
import { randomArtifact } from "../model/random-artifact";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const base = readFileSync(join(root, "wasmplugin/base/wasmplugin-ganglion.yaml"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "ganglion-push-"));
const file = join(folder, "plugin.yaml");
const model = join(folder, "model.gngl");
const artifact = encodeArtifact(randomArtifact(seededPrng(5), { hidden: 8 }));

beforeAll(() => {
  const build = [join(root, "host-tools/build.mjs"), "release", "command"];
  execFileSync(process.execPath, build, { stdio: "pipe" });
  writeFileSync(model, artifact);
});
beforeEach(() => writeFileSync(file, base));
afterAll(() => rmSync(folder, { recursive: true }));

describe("ganglion push", () => {
  it("changes the file in place, keeps its mode, and tells old and new", () => {
    chmodSync(file, 0o600);
    const { status, stdout, stderr } = push([model, "-f", file]);
    expect([status, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/^WasmPlugin\/ganglion\n {2}model version {2}none -> \d+\n/);
    expect(stderr).toContain("epoch          0 -> 1\n");
    expect(configOf(readFileSync(file, "utf8"))).toMatchObject({
      epoch: 1,
      model: { base64: Buffer.from(artifact).toString("base64") },
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("raises the epoch with each push", () => {
    for (let times = 0; times < 3; times++) expect(push([model, "-f", file]).status).toBe(0);
    expect(configOf(readFileSync(file, "utf8")).epoch).toBe(3);
    expect(push([model, "-f", file, "--epoch", "3"])).toMatchObject({ status: 65 });
    expect(push([model, "-f", file, "--epoch", "10"])).toMatchObject({ status: 0 });
    expect(configOf(readFileSync(file, "utf8")).epoch).toBe(10);
  });

  it("puts the model alone into shadow, where it stays with the next push", () => {
    const mode = configOf(base).mode;
    const { stderr } = push([model, "-f", file, "--shadow"]);
    expect(stderr).toContain("model mode     enforce -> shadow\n");
    expect(push([model, "-f", file]).status).toBe(0);
    const config = configOf(readFileSync(file, "utf8"));
    expect(config.model?.mode).toBe("shadow");
    expect(config.mode).toBe(mode);
  });

  it("writes nothing in a dry run, and elsewhere when told so", () => {
    const { stderr } = push([model, "-f", file, "--dry-run"]);
    expect(stderr).toContain("dry run: nothing written");
    expect(push([model, "-f", file, "-o", join(folder, "new.yaml")]).status).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(base);
    expect(configOf(readFileSync(join(folder, "new.yaml"), "utf8")).epoch).toBe(1);
  });

  it("reads standard input and writes standard output, talk apart", () => {
    const { status, stdout } = push([model, "-f", "-"], base);
    expect(status).toBe(0);
    expect(configOf(stdout).epoch).toBe(1);
  });

  it("is refused by the filter itself when the artifact's self-test fails", () => {
    const damaged = Buffer.from(artifact);
    // The last record's expected score stands 12 bytes before the end.
    damaged[damaged.length - 12] = (damaged[damaged.length - 12] ?? 0) ^ 1;
    writeFileSync(join(folder, "damaged.gngl"), damaged);
    const { status, stderr } = push([join(folder, "damaged.gngl"), "-f", file]);
    expect(stderr).toMatch(/self.?test/i);
    expect(status).toBe(65);
    expect(readFileSync(file, "utf8")).toBe(base);
  });
});

function push(args: readonly string[], input = "") {
  const bundle = join(root, "build/ganglion.mjs");
  const env = { PATH: process.env["PATH"] };
  return spawnSync(process.execPath, [bundle, "push", ...args], { input, env, encoding: "utf8" });
}

function configOf(text: string): PluginConfig {
  const documents = parseAllDocuments(text).map((document) => document.toJSON());
  return documents.find(({ kind }) => kind === "WasmPlugin").spec.pluginConfig;
}
