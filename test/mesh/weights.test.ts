// Weights against a real control plane, through the command as a user types it: what it says, how it
// exits, and what the proxies do.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  chatConfig,
  FILTER,
  FilteredMesh,
  MODEL_HEADER,
  NAMESPACE,
} from "../../bench/rig/filtered-mesh";
import { modelVariant } from "../../bench/rig/model-variants";
import { type PluginConfig, withModel } from "../../host-tools/src/config/plugin-config";
import { yamlText } from "../../host-tools/src/istio/yaml-text";
import { seededPrng } from "../../host-tools/src/lib/prng";
import { readShippedModel } from "../../host-tools/src/lib/shipped-model";
import { runCommand } from "../../host-tools/src/rig";
import { projectRoot } from "../support/project-root";
import { findPrometheus, Prometheus } from "../support/prometheus";
import { eventually, meshCanRun } from "./rig";

interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const program = await findPrometheus();

describe.runIf(await meshCanRun())("ganglion weights", () => {
  const folder = mkdtempSync(join(tmpdir(), "ganglion-weights-"));
  let mesh: FilteredMesh;
  let image: string;
  let base: Uint8Array;

  beforeAll(async () => {
    base = await readShippedModel();
    mesh = await FilteredMesh.start({ seed: 1, proxies: 2, say: () => {} });
    image = await mesh.pushImage();
    await applyByHand(chatConfig(1));
    await eventually(
      "the filter",
      async () => (await modelAt(0)) === 1 && (await modelAt(1)) === 1,
    );
  });
  afterAll(async () => {
    await mesh?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As kubectl would, past the tool. */
  async function applyByHand(config: PluginConfig): Promise<void> {
    const object = mesh.object(image, withModel(config, base));
    await mesh.cluster.apply({ ...object }, { fieldManager: "kubectl", force: true });
  }

  async function modelAt(proxy: number): Promise<number> {
    const { headers } = await mesh.proxies[proxy]!.get(mesh.port, "/chat");
    return Number(headers[MODEL_HEADER] ?? 0);
  }

  function model(version: number): string {
    const file = join(folder, `${version}.gngl`);
    writeFileSync(file, modelVariant(base, version, seededPrng(version)));
    return file;
  }

  async function weights(...args: readonly string[]): Promise<Said> {
    const command = join(projectRoot(), "build/ganglion.mjs");
    const cluster = ["--kubeconfig", mesh.mesh.kubeconfig, "-n", NAMESPACE];
    return runCommand(process.execPath, [command, "weights", ...args, ...cluster], {
      timeoutMs: 240_000,
    });
  }

  it("shows what the proxies run before anything was pushed", async () => {
    const { status, stdout } = await weights("status", "-o", "json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      object: `TrafficExtension ${NAMESPACE}/${FILTER}`,
      epoch: 1,
      model_version: 1,
      effective: true,
    });
  });

  it("shows whose fields the first push would change, and changes nothing", async () => {
    const { status, stderr } = await weights("push", model(2));
    expect(status).toBe(1);
    expect(stderr).toContain(".spec.wasm.pluginConfig.epoch belongs to kubectl");
    expect(stderr).toContain("leave these members out of what kubectl applies");
    expect(stderr).toContain("--force-conflicts");
    expect(await modelAt(0)).toBe(1);
  });

  it("pushes, and is done when both proxies run the weights", async () => {
    const { status, stdout } = await weights("push", model(2), "--force-conflicts", "-o", "json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ result: "effective", epoch: 2, model_version: 2 });
    expect([await modelAt(0), await modelAt(1)]).toEqual([2, 2]);
  });

  it("needs no force for the next push: the fields are its own by now", async () => {
    expect((await weights("push", model(3))).status).toBe(0);
    expect(await modelAt(1)).toBe(3);
  });

  it("rolls back, re-arms and tells the history", async () => {
    expect((await weights("rollback")).status).toBe(0);
    expect(await modelAt(0)).toBe(2);
    expect((await weights("re-arm")).status).toBe(0);
    const { stdout } = await weights("history", "-o", "json");
    const rows = JSON.parse(stdout) as { epoch: number; state: string; change: string }[];
    expect(rows.map(({ epoch, state, change }) => [epoch, state, change])).toEqual([
      [5, "in force", "re-arm"],
      [4, "was", "rollback"],
      [3, "was", "push"],
      [2, "was", "push"],
      [1, "was", "found"],
    ]);
    expect(await modelAt(0)).toBe(2);
  });

  it("watches a model in shadow first, beside limits that are in force, and promotes", async () => {
    // No force: the model's mode is nobody else's.
    const first = await weights("push", model(6), "--shadow");
    expect(first.status).toBe(0);
    expect(first.stderr).toContain("model mode     enforce -> shadow");
    const { stdout } = await weights("status", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject({ mode: "enforce", model_mode: "shadow" });
    const promoted = await weights("promote");
    expect(promoted.status).toBe(0);
    expect(promoted.stderr).toContain("shadow -> enforce");
    expect((await weights("promote")).status).toBe(65);
  });

  it("shares no field with a configuration that says neither epoch nor model", async () => {
    const name = "beside";
    const { epoch: _epoch, ...config } = chatConfig(1);
    const object = mesh.object(image, config);
    const spec = { ...object.spec, selector: { matchLabels: { nobody: "here" } } };
    const beside = { ...object, metadata: { name, namespace: NAMESPACE }, spec };
    const owner = { fieldManager: "kubectl" };
    await mesh.cluster.apply(beside, owner);
    const pushed = await weights("push", model(2), "--name", name, "--wait", "0");
    expect(pushed.stderr).toContain("applied as epoch 1; the proxies were not asked");
    // The configuration is applied again, without force, and the weights stay.
    await mesh.cluster.apply(beside, owner);
    const { stdout } = await weights("history", "--name", name, "-o", "json");
    const [newest] = JSON.parse(stdout) as { epoch: number; state: string }[];
    expect(newest).toMatchObject({ epoch: 1, state: "in force", model_version: 2 });
    const { status, stdout: told } = await weights("status", "--name", name);
    expect(status).toBe(81);
    expect(told).toContain("no proxy found: the selector takes no pod with a proxy");
  });

  it.runIf(program.path !== undefined)("reads the proxies from a Prometheus as well", async () => {
    const targets = mesh.proxies.map(({ ip, prometheusPort }) => `${ip}:${prometheusPort}`);
    const prometheus = await Prometheus.start(program.path!, {
      targets,
      intervalMs: 500,
      metricsPath: "/stats/prometheus",
    });
    try {
      const url = `http://127.0.0.1:${prometheus.port}`;
      const args = ["--prometheus", url, "--proxies", targets.join()];
      const said = await eventually("two scrapes", async () => {
        const one = await weights("status", "-o", "json", ...args);
        return one.status === 0 && one;
      });
      const { proxies } = JSON.parse(said.stdout) as { proxies: { workers: unknown[] }[] };
      expect(proxies.map(({ workers }) => workers.length)).toEqual([3, 3]);
    } finally {
      await prometheus.stop();
    }
  });

  it("refuses what belongs to a GitOps controller, and writes the file instead", async () => {
    const annotations = { "argocd.argoproj.io/tracking-id": "x" };
    const { apiVersion, kind } = mesh.object(image, chatConfig(1));
    const key = { apiVersion, kind, name: FILTER };
    await mesh.cluster.patch(key, { metadata: { annotations } });
    const refused = await weights("push", model(8));
    expect(refused.status).toBe(65);
    expect(refused.stderr).toContain(
      "belongs to Argo CD (annotation argocd.argoproj.io/tracking-id)",
    );
    const file = join(folder, "filter.yaml");
    writeFileSync(file, yamlText(mesh.object(image, withModel(chatConfig(1), base))));
    const written = await weights("push", model(8), "--to-file", file);
    expect(written.status).toBe(0);
    expect(written.stderr).toMatch(/epoch +1 -> 8\n/);
    expect(written.stderr).toContain("nothing was applied");
    for (const change of ["promote", "rollback"]) {
      expect((await weights(change)).stderr).toContain("--to-file FILE");
    }
    const back = await weights("rollback", "--to-file", file);
    expect(back.status).toBe(0);
    expect(back.stderr).toMatch(/epoch +8 -> 9\n/);
    await mesh.cluster.patch(key, {
      metadata: { annotations: { "argocd.argoproj.io/tracking-id": null } },
    });
  });

  it("says which proxy does not run a configuration that was applied past it, and why", async () => {
    const routes: unknown = [{ name: "chat", threshold: -1 }];
    await applyByHand({ ...chatConfig(50), routes } as PluginConfig);
    const refused = await eventually("the refusal", async () => {
      const said = await weights("status");
      return said.stdout.includes("the filter refused the configuration") && said;
    });
    expect(refused.status).toBe(81);
    expect(refused.stdout).toContain("NOT EFFECTIVE");
    expect((await mesh.proxies[0]!.get(mesh.port, "/chat")).status).toBe(200);
    await applyByHand(chatConfig(51));
  });

  it("tells a rejection from what has not arrived, in the proxy's own words", async () => {
    await eventually("the good one", async () => (await weights("status")).status === 0);
    const module = readFileSync(join(projectRoot(), "build/trainer.wasm"));
    const { reference } = await mesh.mesh.registry.push(module, "team/no-filter");
    const object = mesh.object(reference, withModel(chatConfig(55), base));
    await mesh.cluster.apply({ ...object }, { fieldManager: "kubectl", force: true });
    const istiod = ["--istiod", `127.0.0.1:${mesh.mesh.istiod.monitoringPort}`];
    const told = await eventually("the rejection", async () => {
      const said = await weights("status", "-o", "json", ...istiod);
      return said.stdout.match(/"cause":"nacked"/g)?.length === 2 && said;
    });
    expect(told.status).toBe(81);
    expect(JSON.parse(told.stdout).proxies[0]).toMatchObject({
      epoch: 51,
      cause: "nacked",
      reason: expect.stringContaining("Envoy rejected it: Unable to create Wasm plugin"),
    });
    const without = await weights("status");
    expect(without.stdout).toContain("not arrived, or Envoy rejected it");
    expect(without.stdout).toContain("ganglion weights status --istiod");
    await applyByHand(chatConfig(56));
  });

  it("reverts by itself when a proxy does not follow", async () => {
    await eventually("the good one", async () => (await weights("status")).status === 0);
    const [, away] = mesh.proxies;
    await away!.stop();
    // The proxy comes back when the old weights have been applied again, and takes those.
    let back: Promise<void> | undefined;
    const { status, stderr } = await runCommand(
      process.execPath,
      [
        join(projectRoot(), "build/ganglion.mjs"),
        ...["weights", "push", model(9), "--wait", "45s", "--revert", "--force-conflicts"],
        ...["--kubeconfig", mesh.mesh.kubeconfig, "-n", NAMESPACE],
      ],
      {
        timeoutMs: 400_000,
        onStderrLine: (line) => {
          if (line.includes("run epoch 58")) back ??= away!.restart();
        },
      },
    );
    await back;
    expect(stderr).toMatch(/gateway-2: unreachable \(ECONNREFUSED\)/);
    expect(stderr).toContain("reverted as epoch 58, and every proxy runs it");
    expect(status).toBe(80);
    expect([await modelAt(0), await modelAt(1)]).toEqual([1, 1]);
  });
});
