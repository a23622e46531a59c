import { beforeAll, describe, expect, it } from "vitest";
import { ClusterError } from "../../../host-tools/src/cluster";
import { GanglionError } from "../../../host-tools/src/lib/errors";
import { readFilterModule } from "../../../host-tools/src/lib/filter-module";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { readShippedModel } from "../../../host-tools/src/lib/shipped-model";
import {
  CHANGE_STEPS,
  type ChangeOptions,
  type ChangePorts,
  type ChangeStep,
  changeWeights,
} from "../../../host-tools/src/weights/change-weights";
import { historyOf } from "../../../host-tools/src/weights/history";
import { liveFilter } from "../../../host-tools/src/weights/live-filter";
import {
  promotePlan,
  pushPlan,
  rearmPlan,
  rollbackPlan,
} from "../../../host-tools/src/weights/plans";
import { modelVariant } from "../../../bench/rig/model-variants";
import { NotedClock } from "../cluster/fake-api-server";
import { filter, MemoryCluster, pluginConfig, sha256 } from "./filter-fixture";

const PLACE = { namespace: "ai", name: "ganglion" } as const;
const HISTORY = "ganglion-weights-history";

let module: Uint8Array;
let models: Uint8Array[];
beforeAll(async () => {
  module = await readFilterModule();
  const base = await readShippedModel();
  models = [1, 2, 3].map((version) => modelVariant(base, version, seededPrng(version)));
});

function clusterWith(epoch = 3, artifact: Uint8Array | undefined = models[0]): MemoryCluster {
  const cluster = new MemoryCluster();
  cluster.put(filter(pluginConfig(epoch, artifact)));
  return cluster;
}

function ports(cluster: MemoryCluster, more: Partial<ChangePorts> = {}): ChangePorts {
  return {
    cluster,
    fetchModule: () => Promise.resolve(module),
    ownModule: () => Promise.resolve(module),
    clock: new NotedClock(),
    prng: seededPrng(1),
    say: () => {},
    ...more,
  };
}

const change = (
  cluster: MemoryCluster,
  plan = pushPlan({ artifact: models[1]! }),
  options: Partial<ChangeOptions> = {},
  more: Partial<ChangePorts> = {},
) => changeWeights(ports(cluster, more), plan, { place: PLACE, ...options });

const current = (cluster: MemoryCluster) =>
  liveFilter(cluster.peek("TrafficExtension", "ganglion")!);
const history = (cluster: MemoryCluster) => historyOf(cluster.peek("ConfigMap", HISTORY), HISTORY);

describe("a push", () => {
  it("puts model and epoch in and leaves everything else as it is", async () => {
    const cluster = clusterWith();
    const { generation } = await change(cluster);
    const { config, epoch } = current(cluster);
    expect([generation.epoch, epoch]).toEqual([4, 4]);
    expect(config.model?.sha256).toBe(sha256(models[1]!));
    expect({ ...config, epoch: 0, model: 0 }).toEqual({ ...pluginConfig(0), model: 0 });
  });

  it("writes the history first, with what was and what comes, and writes nothing else", async () => {
    const cluster = clusterWith();
    await change(cluster);
    expect(cluster.writes).toEqual(["create ConfigMap", "apply TrafficExtension"]);
    const { records, artifacts } = history(cluster);
    expect(records.map(({ epoch, change: kind }) => [epoch, kind])).toEqual([
      [3, "found"],
      [4, "push"],
    ]);
    expect([...artifacts.keys()].sort()).toEqual([sha256(models[0]!), sha256(models[1]!)].sort());
  });

  it("goes through its steps in the order that makes it safe", async () => {
    const seen: ChangeStep[] = [];
    await change(clusterWith(), undefined, {}, { onStep: (step) => void seen.push(step) });
    expect(seen).toEqual(CHANGE_STEPS);
  });

  it.each(CHANGE_STEPS)("that dies before %s leaves the old weights or the new", async (last) => {
    const cluster = clusterWith();
    const dies = change(
      cluster,
      undefined,
      {},
      {
        onStep: (step) => {
          if (step === last) throw new RangeError("killed");
        },
      },
    );
    await expect(dies).rejects.toThrow("killed");
    const left = current(cluster);
    const isNew = left.epoch === 4;
    expect(isNew).toBe(last === "applied");
    expect(left.config.model?.sha256).toBe(sha256(models[isNew ? 1 : 0]!));
    // And a push after it converges, with a higher epoch and without leftovers.
    const { generation } = await change(cluster, pushPlan({ artifact: models[2]! }));
    expect(generation.epoch).toBeGreaterThan(left.epoch);
    const { records, artifacts } = history(cluster);
    const inForce = records.filter(({ epoch }) => epoch <= left.epoch).map(({ epoch }) => epoch);
    expect(records.map(({ epoch }) => epoch)).toEqual([...inForce, generation.epoch]);
    for (const { sha256: digest } of records) expect(artifacts.has(digest)).toBe(true);
    expect(artifacts.size).toBe(new Set(records.map((one) => one.sha256)).size);
  });

  it("writes nothing in a dry run here, and asks the server in one there", async () => {
    for (const dryRun of ["client", "server"] as const) {
      const cluster = clusterWith();
      const { after } = await change(cluster, undefined, { dryRun });
      expect(cluster.writes).toEqual([]);
      expect(after?.epoch).toBe(dryRun === "server" ? 4 : undefined);
      expect(current(cluster).epoch).toBe(3);
    }
  });

  it("names the kind's own place: a WasmPlugin has the configuration one level higher", async () => {
    const cluster = new MemoryCluster();
    cluster.put(filter(pluginConfig(1), "WasmPlugin"));
    await change(cluster);
    const { spec } = cluster.peek("WasmPlugin", "ganglion") as unknown as {
      spec: { pluginConfig: { epoch: number } };
    };
    expect(spec.pluginConfig.epoch).toBe(2);
  });
});

describe("an epoch", () => {
  it("is above what object, history and proxies have seen", async () => {
    expect((await change(clusterWith(3))).generation.epoch).toBe(4);
    expect((await change(clusterWith(3), undefined, { reportedEpoch: 9 })).generation.epoch).toBe(
      10,
    );
    const cluster = clusterWith(3);
    await change(cluster, undefined, { epoch: 20 });
    cluster.put(filter(pluginConfig(5, models[0])));
    expect((await change(cluster)).generation.epoch).toBe(21);
  });

  it.each([0, 2, 3])("of %i is refused over epoch 3", async (epoch) => {
    const cluster = clusterWith(3);
    await expect(change(cluster, undefined, { epoch })).rejects.toMatchObject({
      code: "E_EPOCH",
      message: `--epoch ${epoch} is not above epoch 3, which the object has`,
      exitCode: 65,
    });
    expect(cluster.writes).toEqual([]);
  });
});

describe("a rival", () => {
  it("between read and apply makes the push read anew and go above it", async () => {
    const cluster = clusterWith(3);
    let rivals = 0;
    cluster.beforeWrite = (what, dryRun) => {
      if (what !== "apply" || dryRun || rivals > 2) return;
      rivals += 1;
      cluster.put(filter(pluginConfig(3 + 10 * rivals, models[2])));
    };
    const { generation, rounds } = await change(cluster);
    expect([generation.epoch, rounds]).toEqual([34, 4]);
    expect(current(cluster).config.model?.sha256).toBe(sha256(models[1]!));
  });

  it("that never gives way ends the push with a conflict, not with force", async () => {
    const cluster = clusterWith(3);
    let epoch = 3;
    cluster.beforeWrite = (what, dryRun) => {
      if (what === "apply" && !dryRun) cluster.put(filter(pluginConfig(++epoch, models[2])));
    };
    await expect(change(cluster)).rejects.toMatchObject({ code: "E_CLUSTER_CONFLICT" });
    expect(current(cluster).config.model?.sha256).toBe(sha256(models[2]!));
  });

  it("who owns a field is shown before anything is written", async () => {
    const cluster = clusterWith();
    cluster.beforeWrite = (what) => {
      if (what !== "apply") return;
      const conflicts = [{ owner: "kubectl", field: ".spec.wasm.pluginConfig.epoch" }];
      throw new ClusterError("E_CLUSTER_OWNED", "kubectl owns it", 409, {}, conflicts);
    };
    await expect(change(cluster)).rejects.toMatchObject({
      code: "E_CLUSTER_OWNED",
      hint: expect.stringMatching(
        /what kubectl applies .* and apply that again; or .* --force-con/,
      ),
    });
    expect(cluster.writes).toEqual([]);
  });

  it("of our own kind, an apply whose answer was lost, is no rival", async () => {
    const cluster = clusterWith(3);
    const { apply } = cluster;
    let lost = false;
    cluster.apply = async (object, options) => {
      const applied = await apply.call(cluster, object, options);
      if (options?.dryRun === true || lost) return applied;
      lost = true;
      // The connection is cut after the write; the client's own second try meets the new version.
      return apply.call(cluster, object, options);
    };
    const { generation, rounds, after } = await change(cluster);
    expect([generation.epoch, rounds, after?.epoch]).toEqual([4, 1, 4]);
  });
});

describe("a GitOps controller", () => {
  const marked = {
    "an Argo CD annotation": { annotations: { "argocd.argoproj.io/tracking-id": "x" } },
    "a Flux label": { labels: { "kustomize.toolkit.fluxcd.io/name": "x" } },
    "a field manager": { managedFields: [{ manager: "argocd-controller", operation: "Apply" }] },
    "an owner reference": {
      ownerReferences: [{ apiVersion: "a/v1", kind: "App", name: "x", controller: true }],
    },
  };
  it.each(Object.entries(marked))("that shows by %s stops a push", async (_, metadata) => {
    const cluster = new MemoryCluster();
    cluster.put(filter(pluginConfig(3, models[0]), "TrafficExtension", metadata));
    await expect(change(cluster)).rejects.toMatchObject({
      code: "E_WEIGHTS_GITOPS",
      hint: expect.stringContaining("--to-file"),
    });
    expect(cluster.writes).toEqual([]);
    expect((await change(cluster, undefined, { take: true })).generation.epoch).toBe(4);
  });
});

describe("a configuration", () => {
  it("that the image's module refuses is not written", async () => {
    const cluster = clusterWith();
    const other = { fetchModule: () => Promise.resolve(Uint8Array.of(0, 1, 2, 3)) };
    await expect(change(cluster, undefined, {}, other)).rejects.toThrow();
    expect(cluster.writes).toEqual([]);
  });

  it("with weights that are none is not written", async () => {
    const cluster = clusterWith();
    const half = models[1]!.subarray(0, 1000);
    await expect(change(cluster, pushPlan({ artifact: half }))).rejects.toBeInstanceOf(
      GanglionError,
    );
    expect(cluster.writes).toEqual([]);
  });

  it("that an image cannot be fetched for is not written", async () => {
    const cluster = clusterWith();
    const gone = {
      fetchModule: () => Promise.reject(new GanglionError("E_IMAGE_FETCH", "it is gone")),
    };
    await expect(change(cluster, undefined, {}, gone)).rejects.toMatchObject({
      code: "E_IMAGE_FETCH",
    });
    expect(cluster.writes).toEqual([]);
  });
});

describe("what comes after a push", () => {
  it("rolls back to the weights before, under a new epoch", async () => {
    const cluster = clusterWith(3);
    await change(cluster);
    await change(cluster, pushPlan({ artifact: models[2]! }));
    const { generation } = await change(cluster, rollbackPlan(undefined));
    expect(generation.epoch).toBe(6);
    expect(current(cluster).config.model?.sha256).toBe(sha256(models[1]!));
    expect(history(cluster).records.at(-1)).toMatchObject({ change: "rollback", of: 4 });
    await change(cluster, rollbackPlan(3));
    expect(current(cluster).config.model?.sha256).toBe(sha256(models[0]!));
  });

  it("says which epochs can come back", async () => {
    const cluster = clusterWith(3);
    await change(cluster);
    await expect(change(cluster, rollbackPlan(2))).rejects.toMatchObject({
      code: "E_HISTORY_EPOCH",
      message: expect.stringContaining("it has 3, 4"),
      exitCode: 65,
    });
  });

  it("goes further back with a second rollback, and says where it ends", async () => {
    const cluster = clusterWith(3);
    await change(cluster);
    await change(cluster, pushPlan({ artifact: models[2]! }));
    await change(cluster, rollbackPlan(undefined));
    await change(cluster, rollbackPlan(undefined));
    expect(current(cluster).config.model?.sha256).toBe(sha256(models[0]!));
    await expect(change(cluster, rollbackPlan(undefined))).rejects.toMatchObject({
      code: "E_HISTORY_EPOCH",
      message: expect.stringContaining("before epoch 7, whose weights are those of epoch 3"),
      hint: expect.stringContaining("with --to: 4, 5, 6"),
    });
  });

  it("goes back over a promotion to the weights before, not to the same in shadow", async () => {
    const cluster = clusterWith(3);
    await change(cluster, pushPlan({ artifact: models[1]!, modelMode: "shadow" }));
    await change(cluster, promotePlan);
    const { generation } = await change(cluster, rollbackPlan(undefined));
    expect(history(cluster).records.at(-1)).toMatchObject({ change: "rollback", of: 3 });
    expect(generation.modelMode).toBe("enforce");
    await change(cluster, rollbackPlan(4));
    expect(current(cluster).config.model?.mode).toBe("shadow");
  });

  it("promotes from shadow, once", async () => {
    const cluster = clusterWith(3);
    await change(cluster, pushPlan({ artifact: models[1]!, modelMode: "shadow" }));
    expect(current(cluster).config.model?.mode).toBe("shadow");
    await change(cluster, promotePlan);
    expect(current(cluster).config.model?.mode ?? "enforce").toBe("enforce");
    expect(current(cluster).config.model?.sha256).toBe(sha256(models[1]!));
    await expect(change(cluster, promotePlan)).rejects.toMatchObject({ code: "E_WEIGHTS_MODE" });
  });

  it("leaves the mode of the configuration alone, in shadow and promoted", async () => {
    const cluster = clusterWith(3);
    await change(cluster, pushPlan({ artifact: models[1]!, modelMode: "shadow" }));
    expect(current(cluster).config.mode).toBe("enforce");
    await change(cluster, promotePlan);
    expect(current(cluster).config.mode).toBe("enforce");
  });

  it("stays in shadow with the next push, until it is promoted", async () => {
    const cluster = clusterWith(3);
    await change(cluster, pushPlan({ artifact: models[1]!, modelMode: "shadow" }));
    await change(cluster, pushPlan({ artifact: models[2]! }));
    expect(current(cluster).config.model?.mode).toBe("shadow");
  });

  it("says whose mode it is where the whole configuration is in shadow", async () => {
    const cluster = new MemoryCluster();
    cluster.put(filter({ ...pluginConfig(3, models[0]), mode: "shadow" }));
    await expect(change(cluster, promotePlan)).rejects.toMatchObject({
      message: expect.stringContaining("the whole configuration is, by its own mode"),
      hint: expect.stringContaining("`mode: enforce`"),
      exitCode: 65,
    });
    cluster.put(filter(pluginConfig(3)));
    await expect(change(cluster, promotePlan)).rejects.toThrow("has no model");
  });

  it("re-arms by another VM key, which later pushes keep", async () => {
    const cluster = clusterWith(3);
    await change(cluster, rearmPlan);
    expect(current(cluster).vmGeneration).toBe(1);
    await change(cluster);
    expect(current(cluster).vmGeneration).toBe(1);
    await change(cluster, pushPlan({ artifact: models[2]!, rearm: true }));
    expect(current(cluster).vmGeneration).toBe(2);
  });
});
