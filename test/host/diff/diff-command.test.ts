// `ganglion diff` against folders that render has written, and against an API server.

import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Difference } from "../../../host-tools/src/diff/difference";
import {
  companionFiles,
  manifests as renderedManifests,
} from "../../../host-tools/src/manifests/manifests";
import { folderDifferences } from "../../../host-tools/src/diff/folder-differences";
import { compiledOperations, IMAGE, OPERATIONS_POLICY } from "../manifests/operations-policy";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const image = `oci://registry.example/ganglion/filter@sha256:${"1".repeat(64)}`;
const baseImage = `oci://registry.example/ganglion/filter@sha256:${"0".repeat(64)}`;
let folder: string;
let policy: string;
let manifests: string;

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function ganglion(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, "build/ganglion.mjs"), ...args],
      (error, stdout, stderr) =>
        resolve({ status: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
}

const diff = (...more: string[]): Promise<Ran> =>
  ganglion("diff", "-f", policy, "--image", image, manifests, ...more);
async function differences(): Promise<Difference[]> {
  const { stdout } = await diff("-o", "json");
  return (JSON.parse(stdout) as { differences: Difference[] }).differences;
}
async function edit(file: string, change: (text: string) => string): Promise<void> {
  const path = join(manifests, file);
  await writeFile(path, change(await readFile(path, "utf8")));
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ganglion-diff-"));
  policy = join(folder, "ganglion.yaml");
  manifests = join(folder, "manifests");
  await writeFile(policy, OPERATIONS_POLICY);
  await ganglion("render", "-f", policy, "--image", image, "-o", manifests);
});
afterEach(() => rm(folder, { recursive: true }));

describe("ganglion diff", () => {
  it("finds nothing in what was just rendered", async () => {
    const { status, stdout, stderr } = await diff();
    expect(stderr).toMatch(/^\d+ objects of the policy, 0 differences\n$/);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  });

  it("finds every file that is removed", async () => {
    const { policy: read, config } = compiledOperations();
    const objects = renderedManifests(read, config, { kind: "TrafficExtension", image: IMAGE });
    const rendered = { objects, companions: companionFiles(objects, read), isPushed: true };
    const entries = await readdir(manifests, { recursive: true });
    const files = entries.filter((entry) => entry.endsWith(".yaml"));
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) {
      const text = await readFile(join(manifests, file));
      await rm(join(manifests, file));
      const found = await differences();
      expect(
        found.map(({ state, place }) => [state, place]),
        file,
      ).toEqual([["missing", join(manifests, file)]]);
      await writeFile(join(manifests, file), text);
    }
  });

  it("shows what an apply would change, and ends with 79", async () => {
    await edit("peerauthentication-ganglion.yaml", (text) => text.replace("STRICT", "PERMISSIVE"));
    const { status, stdout, stderr } = await diff();
    expect(status).toBe(79);
    expect(stdout).toContain("-    mode: PERMISSIVE\n+    mode: STRICT\n");
    expect(stderr).toContain("changed: PeerAuthentication ai-services/ganglion");
  });

  it("takes what is left of an older policy for extra, and leaves other people's alone", async () => {
    const left = await readFile(join(manifests, "telemetry-ganglion.yaml"), "utf8");
    await writeFile(join(manifests, "old.yaml"), left.replace("name: ganglion", "name: older"));
    const theirs = left
      .replace("name: ganglion", "name: theirs")
      .replaceAll("managed-by: ganglion", "managed-by: helm");
    await writeFile(join(manifests, "theirs.yaml"), theirs);
    expect((await differences()).map(({ state, object }) => [state, object])).toEqual([
      ["extra", "Telemetry ai-services/older"],
    ]);
  });

  it("compares in another namespace where one is named", async () => {
    const { status, stderr } = await diff("-n", "staging");
    expect(status).toBe(79);
    expect(stderr).toContain("missing: PeerAuthentication staging/ganglion");
    await rm(manifests, { recursive: true });
    await ganglion("render", "-f", policy, "--image", image, "-n", "staging", "-o", manifests);
    expect((await diff("-n", "staging")).status).toBe(0);
  });

  it("does not mind order of members, file names, comments, or what a server adds", async () => {
    const text = await readFile(join(manifests, "telemetry-ganglion.yaml"), "utf8");
    await rm(join(manifests, "telemetry-ganglion.yaml"));
    const [head = "", spec = ""] = text.split("spec:\n");
    const server = "  uid: 1\n  resourceVersion: '7'\n  managedFields: []\nstatus: { ok: true }\n";
    await writeFile(join(manifests, "other.yml"), `# by hand\nspec:\n${spec}${head}${server}`);
    expect(await differences()).toEqual([]);
  });

  it("leaves pushed weights to push, and compares them where a model is named", async () => {
    const file = "trafficextension-ganglion.yaml";
    const model = join(root, "wasmplugin/models/default.gngl");
    await ganglion("push", model, "-f", join(manifests, file));
    expect(await readFile(join(manifests, file), "utf8")).toContain("base64");
    expect(await differences()).toEqual([]);
    const { status } = await diff("--model", model, "--epoch", "9");
    expect(status).toBe(79);
  });

  it("reads one file with everything", async () => {
    const all = join(folder, "all.yaml");
    const { stdout } = await ganglion("render", "-f", policy, "--image", image);
    await writeFile(all, stdout);
    expect((await ganglion("diff", "-f", policy, "--image", image, all)).status).toBe(0);
    const { status } = await ganglion("diff", "-f", policy, "--image", baseImage, all);
    expect(status).toBe(79);
  });

  it("keeps the base under wasmplugin equal to what its example renders", async () => {
    const example = join(root, "wasmplugin/examples/llm-service/ganglion.yaml");
    const base = join(root, "wasmplugin/base");
    const { stdout } = await ganglion("diff", "-f", example, "--image", baseImage, base);
    expect(stdout).toBe("");
  });

  it("refuses what it cannot compare", async () => {
    expect(await ganglion("diff", "-f", policy)).toMatchObject({ status: 64 });
    expect(await diff("--cluster")).toMatchObject({ status: 64 });
    await writeFile(join(manifests, "telemetry-ganglion.yaml"), "a: [");
    expect(await diff()).toMatchObject({ status: 65 });
  });
});
