// The admission policy for pinned images, in a real API server with Istio's definitions.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../support/project-root";
import { type KubeObject, Mesh, meshCanRun, objectsOf } from "./rig";
import { eventually } from "./rig/eventually";
import { refusals } from "./support/strict-apply";

const HEX = "1".repeat(64);
const PINNED = `oci://registry.example/ganglion@sha256:${HEX}`;

const plugin = (spec: object): KubeObject => ({
  apiVersion: "extensions.istio.io/v1alpha1",
  kind: "WasmPlugin",
  metadata: { name: "ganglion", namespace: "ai" },
  spec,
});
const extension = (spec: object): KubeObject => ({
  ...plugin(spec),
  kind: "TrafficExtension",
});

describe.runIf(await meshCanRun())("wasmplugin/admission/pinned-image.yaml", () => {
  let mesh: Mesh;
  const said = async (object: KubeObject) => (await refusals(mesh.client, [object])).join();
  beforeAll(async () => {
    mesh = await Mesh.start({ controlPlane: false, namespaces: ["ai"] });
    const file = `${projectRoot()}/wasmplugin/admission/pinned-image.yaml`;
    await mesh.client.apply(objectsOf(readFileSync(file, "utf8")));
    // The API server compiles a policy before it acts by it.
    await eventually("the policy in force", async () => {
      return (await said(plugin({ url: "oci://registry.example/ganglion:1" }))) !== "";
    });
  });
  afterAll(() => mesh?.stop());

  it("lets pinned images of the registry pass", async () => {
    expect(await said(plugin({ url: PINNED }))).toBe("");
    expect(await said(plugin({ url: PINNED, sha256: HEX }))).toBe("");
    expect(await said(extension({ wasm: { url: PINNED } }))).toBe("");
  });

  it.each([
    ["a tag", "oci://registry.example/ganglion:1.0", /is not pinned/],
    ["no version", "oci://registry.example/ganglion", /is not pinned/],
    ["another scheme", "https://registry.example/ganglion.wasm", /is not pinned/],
    ["half a digest", PINNED.slice(0, -1), /is not pinned/],
    ["another registry", PINNED.replace("registry.example", "elsewhere.example"), /is not from/],
    [
      "a longer name of it",
      PINNED.replace("registry.example", "registry.example.evil"),
      /is not from/,
    ],
  ])("refuses %s, in both kinds", async (_, url, reason) => {
    expect(await said(plugin({ url }))).toMatch(reason);
    expect(await said(extension({ wasm: { url } }))).toMatch(reason);
  });

  it("refuses a sha256 that is not the url's", async () => {
    expect(await said(plugin({ url: PINNED, sha256: "2".repeat(64) }))).toMatch(/sha256 says 2222/);
  });

  it("leaves extensions in Lua alone", async () => {
    const lua = { lua: { inlineCode: "function envoy_on_request(handle) end" } };
    expect(await said(extension(lua))).toBe("");
  });
});
