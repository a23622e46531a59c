import { beforeAll, describe, expect, it } from "vitest";
import { readFilterModule } from "../../../host-tools/src/lib/filter-module";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { readShippedModel } from "../../../host-tools/src/lib/shipped-model";
import type { ChangePorts } from "../../../host-tools/src/weights/change-weights";
import {
  changeAndAwait,
  type EffectOptions,
} from "../../../host-tools/src/weights/effective-change";
import type { Fleet } from "../../../host-tools/src/weights/fleet";
import { liveFilter } from "../../../host-tools/src/weights/live-filter";
import { pushPlan } from "../../../host-tools/src/weights/plans";
import { outcomeJson, sayOutcome } from "../../../host-tools/src/weights/report";
import { modelVariant } from "../../../bench/rig/model-variants";
import { NotedClock } from "../cluster/fake-api-server";
import { filter, MemoryCluster, pluginConfig, sha256 } from "./filter-fixture";

let module: Uint8Array;
let oldModel: Uint8Array;
let newModel: Uint8Array;
beforeAll(async () => {
  module = await readFilterModule();
  oldModel = await readShippedModel();
  newModel = modelVariant(oldModel, 2, seededPrng(2));
});

const current = (cluster: MemoryCluster) =>
  liveFilter(cluster.peek("TrafficExtension", "ganglion")!);

/** One proxy that runs whatever `epochOf` makes of the epoch in the object. */
function fleet(cluster: MemoryCluster, epochOf: (epoch: number) => number, ticks = true): Fleet {
  let heartbeatS = 500;
  return {
    find: () =>
      Promise.resolve({
        proxies: [{ name: "ai/a", address: undefined, pod: undefined }],
        without: [],
      }),
    source: {
      name: "memory",
      silenceMs: 2_000,
      read: () => {
        if (ticks) heartbeatS += 1;
        const epoch = epochOf(current(cluster).epoch);
        const worker = { epoch, heartbeatS, configError: false, modelVersion: 1 };
        return Promise.resolve({
          workers: new Map([["0", worker]]),
          concurrency: 0,
          refused: 0,
          stale: 0,
          imageFailures: 0,
        });
      },
    },
  };
}

function push(cluster: MemoryCluster, proxies: Fleet, options: Partial<EffectOptions> = {}) {
  const ports: ChangePorts = {
    cluster,
    fetchModule: () => Promise.resolve(module),
    ownModule: () => Promise.resolve(module),
    clock: new NotedClock(),
    prng: seededPrng(1),
    say: () => {},
  };
  return changeAndAwait(ports, pushPlan({ artifact: newModel }), {
    place: { namespace: "ai", name: "ganglion" },
    fleetOf: () => proxies,
    waitMs: 5_000,
    revert: false,
    ...options,
  });
}

function clusterWith(epoch: number): MemoryCluster {
  const cluster = new MemoryCluster();
  cluster.put(filter(pluginConfig(epoch, oldModel)));
  return cluster;
}

describe("a push", () => {
  it("is done when the proxies run it", async () => {
    const cluster = clusterWith(3);
    const outcome = await push(
      cluster,
      fleet(cluster, (epoch) => epoch),
    );
    expect(outcome.result).toBe("effective");
    expect(sayOutcome(outcome)).toBe(0);
    expect(outcomeJson(outcome)).toMatchObject({ epoch_before: 3, epoch: 4, model_version: 2 });
  });

  it("goes above what the proxies run, whatever the object says", async () => {
    const cluster = clusterWith(3);
    const outcome = await push(
      cluster,
      fleet(cluster, (epoch) => Math.max(epoch, 9)),
    );
    expect(outcome.changed.generation.epoch).toBe(10);
  });

  it("is not done when a proxy stays behind: 81, and the object keeps it", async () => {
    const cluster = clusterWith(3);
    const outcome = await push(
      cluster,
      fleet(cluster, () => 3),
    );
    expect(outcome.result).toBe("not-effective");
    expect(sayOutcome(outcome)).toBe(81);
    expect(current(cluster).epoch).toBe(4);
  });

  it("takes itself back when asked to: 80, old weights under a new epoch", async () => {
    const cluster = clusterWith(3);
    const outcome = await push(
      cluster,
      fleet(cluster, (epoch) => (epoch === 4 ? 3 : epoch)),
      {
        revert: true,
      },
    );
    expect(outcome.result).toBe("reverted");
    expect(sayOutcome(outcome)).toBe(80);
    expect(current(cluster)).toMatchObject({ epoch: 5, vmGeneration: 0 });
    expect(current(cluster).config.model?.sha256).toBe(sha256(oldModel));
    expect(outcomeJson(outcome)).toMatchObject({ result: "reverted", reverted_epoch: 5 });
  });

  it("takes itself back into new VMs where the old ones are dead", async () => {
    const cluster = clusterWith(3);
    const outcome = await push(
      cluster,
      fleet(cluster, () => 3, false),
      { revert: true },
    );
    expect(outcome.result).toBe("reverted");
    // Nothing comes back to life here, and that is said as well.
    expect(sayOutcome(outcome)).toBe(81);
    expect(current(cluster)).toMatchObject({ epoch: 5, vmGeneration: 1 });
  });

  it("is superseded by a newer one, which it neither claims nor reverts", async () => {
    const cluster = clusterWith(3);
    const newer = (epoch: number): number => {
      if (epoch === 4) cluster.put(filter(pluginConfig(7, oldModel)));
      return epoch;
    };
    const outcome = await push(cluster, fleet(cluster, newer), { revert: true });
    expect(outcome.result).toBe("superseded");
    expect(sayOutcome(outcome)).toBe(81);
    expect(current(cluster).epoch).toBe(7);
  });

  it("asks no proxy when it is told not to wait", async () => {
    const cluster = clusterWith(3);
    const nobody = { ...fleet(cluster, () => 0), find: () => Promise.reject(new Error("asked")) };
    const outcome = await push(cluster, nobody, { waitMs: 0 });
    expect(outcome.result).toBe("applied");
    expect(sayOutcome(outcome)).toBe(0);
  });

  it("writes nothing in a dry run", async () => {
    const cluster = clusterWith(3);
    const outcome = await push(
      cluster,
      fleet(cluster, (epoch) => epoch),
      { dryRun: "server" },
    );
    expect([outcome.result, cluster.writes]).toEqual(["dry-run", []]);
  });
});
