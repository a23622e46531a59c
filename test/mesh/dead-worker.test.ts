// A worker whose filter has trapped: traffic goes on, nothing of Envoy's says so, and what is pushed
// acts on the other workers only.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chatConfig, FilteredMesh, MODEL_HEADER, NAMESPACE } from "../../bench/rig/filtered-mesh";
import { modelVariant } from "../../bench/rig/model-variants";
import { withModel } from "../../host-tools/src/config/plugin-config";
import { seededPrng } from "../../host-tools/src/lib/prng";
import { readShippedModel } from "../../host-tools/src/lib/shipped-model";
import { runCommand } from "../../host-tools/src/rig";
import { mortalFilter } from "../support/mortal-filter";
import { projectRoot } from "../support/project-root";
import { eventually, meshCanRun } from "./rig";

describe.runIf(await meshCanRun())("a worker whose filter has trapped", () => {
  const folder = mkdtempSync(join(tmpdir(), "ganglion-dead-worker-"));
  let mesh: FilteredMesh;

  beforeAll(async () => {
    mesh = await FilteredMesh.start({ seed: 1, proxies: 1, say: () => {} });
    const { reference } = await mesh.mesh.registry.push(mortalFilter(), "team/mortal");
    const config = withModel(chatConfig(1), await readShippedModel());
    await mesh.cluster.apply({ ...mesh.object(reference, config) }, { fieldManager: "kubectl" });
    await eventually("the filter", async () => (await get()).model === 1);
  });
  afterAll(async () => {
    await mesh?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function get(): Promise<{ status: number; model: number }> {
    const { status, headers } = await mesh.proxies[0]!.get(mesh.port, "/chat");
    return { status, model: Number(headers[MODEL_HEADER] ?? 0) };
  }

  function weights(...args: readonly string[]) {
    const command = join(projectRoot(), "build/ganglion.mjs");
    const cluster = ["--kubeconfig", mesh.mesh.kubeconfig, "-n", NAMESPACE];
    return runCommand(process.execPath, [command, "weights", ...args, ...cluster]);
  }

  /** Makes the filter of one worker trap; the request in hand is lost with it. */
  async function kill(): Promise<number> {
    const killing = { method: "POST", body: "x" };
    return (await mesh.proxies[0]!.get(mesh.port, "/chat", killing)).status;
  }

  async function push(version: number) {
    const file = join(folder, `${version}.gngl`);
    writeFileSync(file, modelVariant(await readShippedModel(), version, seededPrng(version)));
    return weights("push", file, "--force-conflicts", "--wait", "90s");
  }

  it("is bypassed: requests go on, unfiltered", async () => {
    expect(await kill()).toBe(503);
    const seen = await Promise.all(Array.from({ length: 40 }, get));
    expect(seen.map(({ status }) => status)).toEqual(Array(40).fill(200));
    expect(new Set(seen.map(({ model }) => model))).toEqual(new Set([0, 1]));
  });

  it("is missed among the living", async () => {
    const found = await eventually("the loss", async () => {
      const said = await weights("status");
      return said.stdout.includes("2 of 3 VMs of the filter are alive") && said;
    });
    expect(found.status).toBe(81);
    expect(found.stdout).toContain("NOT EFFECTIVE");
    expect(found.stdout).toContain("ai/gateway-1: dead worker: ");
  });

  it("comes back with the next push", async () => {
    expect((await push(2)).status).toBe(0);
    const seen = await Promise.all(Array.from({ length: 40 }, get));
    expect(new Set(seen.map(({ model }) => model))).toEqual(new Set([2]));
  });

  it("comes back by re-arming, with what is pushed after it", async () => {
    expect(await kill()).toBe(503);
    const rearmed = await weights("re-arm", "--force-conflicts", "--wait", "90s");
    expect(rearmed.stderr).toContain("effective");
    expect(rearmed.status).toBe(0);
    expect((await push(3)).status).toBe(0);
    const seen = await Promise.all(Array.from({ length: 40 }, get));
    expect(new Set(seen.map(({ model }) => model))).toEqual(new Set([3]));
  });
});
