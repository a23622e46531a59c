// Weights in the file of a GitOps controller: push, promote and rollback there as in the cluster, with
// an epoch that proxies take and a history that the next rollback finds.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { modelVariant } from "../../../bench/rig/model-variants";
import { ClusterError } from "../../../host-tools/src/cluster";
import type { PluginConfig } from "../../../host-tools/src/config/plugin-config";
import { yamlText } from "../../../host-tools/src/istio/yaml-text";
import { readFilterModule } from "../../../host-tools/src/lib/filter-module";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { readShippedModel } from "../../../host-tools/src/lib/shipped-model";
import type { Plan } from "../../../host-tools/src/weights/change-weights";
import { changeFile } from "../../../host-tools/src/weights/file-change";
import { historyOf } from "../../../host-tools/src/weights/history";
import { promotePlan, pushPlan, rollbackPlan } from "../../../host-tools/src/weights/plans";
import type { Session } from "../../../host-tools/src/weights/session";
import { NotedClock } from "../cluster/fake-api-server";
import { filter, MemoryCluster, pluginConfig, sha256 } from "./filter-fixture";

const HISTORY = "ganglion-weights-history";
const OWNED = { annotations: { "argocd.argoproj.io/tracking-id": "x" } };
const folder = mkdtempSync(join(tmpdir(), "ganglion-file-change-"));
const file = join(folder, "filter.yaml");

let module: Uint8Array;
let models: Uint8Array[];
let cluster: MemoryCluster;
beforeAll(async () => {
  module = await readFilterModule();
  const base = await readShippedModel();
  models = [1, 2, 3].map((version) => modelVariant(base, version, seededPrng(version)));
});
beforeEach(() => {
  cluster = new MemoryCluster();
  sync(pluginConfig(3, models[0]));
  writeFileSync(file, yamlText(filter(pluginConfig(3, models[0]), "TrafficExtension", {})));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** As the controller would, once the file is committed. */
function sync(config: PluginConfig): void {
  cluster.put(filter(config, "TrafficExtension", OWNED));
}

function session(): Session {
  const ports = {
    cluster,
    fetchModule: () => Promise.resolve(module),
    ownModule: () => Promise.resolve(module),
    clock: new NotedClock(),
    prng: seededPrng(1),
    say: () => {},
  };
  const fleetOf = (): never => {
    throw new Error("no proxy is asked for a file");
  };
  return { ports, cluster, place: { namespace: "ai", name: "ganglion" }, fleetOf };
}

const change = (plan: Plan, options: { epoch?: number; dryRun?: boolean } = {}) =>
  changeFile(session(), plan, file, { dryRun: false, ...options });

const inFile = (): PluginConfig =>
  (parse(readFileSync(file, "utf8")) as { spec: { wasm: { pluginConfig: PluginConfig } } }).spec
    .wasm.pluginConfig;

const records = () =>
  historyOf(cluster.peek("ConfigMap", HISTORY), HISTORY).records.map((one) => [
    one.epoch,
    one.change,
  ]);

describe("weights in a file", () => {
  it("are pushed without a word to the object, and noted in the history", async () => {
    await change(pushPlan({ artifact: models[1]! }));
    expect(inFile()).toMatchObject({ epoch: 4, model: { sha256: sha256(models[1]!) } });
    expect(cluster.writes).toEqual(["create ConfigMap"]);
    expect(records()).toEqual([
      [3, "found"],
      [4, "push"],
    ]);
  });

  it("are watched in shadow, promoted and rolled back, each with a higher epoch", async () => {
    await change(pushPlan({ artifact: models[1]!, modelMode: "shadow" }));
    expect(inFile().model?.mode).toBe("shadow");
    expect(inFile().mode).toBe("enforce");
    sync(inFile());
    await change(promotePlan);
    expect(inFile()).toMatchObject({ epoch: 5, model: { mode: "enforce" } });
    sync(inFile());
    await change(rollbackPlan(undefined));
    expect(inFile()).toMatchObject({ epoch: 6, model: { sha256: sha256(models[0]!) } });
  });

  it("get an epoch above the file's and the cluster's, whichever is ahead", async () => {
    sync(pluginConfig(9, models[0]));
    await change(pushPlan({ artifact: models[1]! }));
    expect(inFile().epoch).toBe(10);
    await change(pushPlan({ artifact: models[2]! }));
    expect(inFile().epoch).toBe(11);
    await expect(change(pushPlan({ artifact: models[1]! }), { epoch: 11 })).rejects.toMatchObject({
      code: "E_EPOCH",
      exitCode: 65,
    });
  });

  it("stay where they are in a dry run, the history too", async () => {
    const before = readFileSync(file, "utf8");
    const { generation } = await change(pushPlan({ artifact: models[1]! }), { dryRun: true });
    expect(generation.epoch).toBe(4);
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(cluster.writes).toEqual([]);
  });

  it("are written also by somebody who may not write the history, who is told", async () => {
    cluster.beforeWrite = () => {
      throw new ClusterError("E_CLUSTER_DENIED", "create configmaps: not permitted", 403);
    };
    const { unrecorded } = await change(pushPlan({ artifact: models[1]! }));
    expect(unrecorded).toContain("these rights may not make one");
    expect(inFile().epoch).toBe(4);
  });

  it("are left alone where the file holds no filter of ours", async () => {
    writeFileSync(file, "kind: Service\n");
    await expect(change(promotePlan)).rejects.toMatchObject({
      code: "E_PUSH_OBJECT",
      exitCode: 65,
    });
  });

  it("cannot come with new VMs, which are another field of the file", async () => {
    const plan = pushPlan({ artifact: models[1]!, rearm: true });
    await expect(change(plan)).rejects.toMatchObject({ code: "E_WEIGHTS_FILE", exitCode: 64 });
  });

  it("cannot go back to no model, which is told with what to do instead", async () => {
    sync(pluginConfig(3));
    await change(pushPlan({ artifact: models[1]! }));
    await expect(change(rollbackPlan(3))).rejects.toMatchObject({
      message: "epoch 3 has no model, and the file would have to lose its own",
      exitCode: 65,
    });
  });
});
