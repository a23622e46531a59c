import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClusterObject } from "../../../host-tools/src/cluster";
import {
  type ChangeKind,
  GENERATIONS_KEPT,
  type History,
  HISTORY_ARTIFACT_BYTES_MAX,
  highestEpoch,
  historyOf,
  historyPatch,
  recalled,
} from "../../../host-tools/src/weights/history";
import { historyRows } from "../../../host-tools/src/weights/history-rows";
import { ARTIFACT_BYTES_MAX } from "../../../host-tools/src/contract";
import { live, pluginConfig, sha256 } from "./filter-fixture";

const NAME = "ganglion-weights-history";
const AT = "2026-01-01T00:00:00.000Z";

/** What the API server makes of a patch of this map. */
function patched(before: ClusterObject | undefined, patch: ClusterObject): ClusterObject {
  const merge = (member: "data" | "binaryData"): Record<string, string> => {
    const all = {
      ...(before?.[member] as Record<string, string> | undefined),
      ...(patch[member] as Record<string, string | null>),
    };
    return Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null),
    );
  };
  const metadata = { ...patch.metadata, resourceVersion: "2" };
  return { ...patch, metadata, data: merge("data"), binaryData: merge("binaryData") };
}

function added(history: History, current: Uint8Array, epoch: number, next: Uint8Array) {
  const filter = live(pluginConfig(highestEpoch(history) || 1, current));
  return historyPatch(history, filter, {
    generation: { epoch, artifact: next, modelMode: "enforce", vmGeneration: 0 },
    change: "push" as ChangeKind,
    at: AT,
  });
}

describe("a history", () => {
  it("keeps the last generations, each with its artifact, and nothing beside", () => {
    const steps = fc.array(
      fc.record({
        fill: fc.integer({ min: 0, max: 5 }),
        bytes: fc.constantFrom(100, 5_000, ARTIFACT_BYTES_MAX),
      }),
      { minLength: 1, maxLength: 14 },
    );
    fc.assert(
      fc.property(steps, (changes) => {
        let map: ClusterObject | undefined;
        let current: Uint8Array = Buffer.alloc(50, 9);
        for (const [i, { fill, bytes }] of changes.entries()) {
          const next = Buffer.alloc(bytes, fill);
          const history = historyOf(map, NAME);
          map = patched(map, added(history, current, i + 2, next));
          current = next;
          const kept = historyOf(map, NAME);
          const epochs = kept.records.map(({ epoch }) => epoch);
          expect(epochs.at(-1)).toBe(i + 2);
          expect(epochs.length).toBe(Math.min(i + 2, GENERATIONS_KEPT));
          expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
          for (const { epoch } of kept.records) {
            const { artifact } = recalled(kept, epoch);
            expect(artifact).toBeDefined();
          }
          const digests = new Set(kept.records.map((one) => one.sha256));
          expect(Object.keys(map.binaryData as object).length).toBe(digests.size);
          const bytesKept = [...kept.artifacts.values()].reduce((sum, one) => sum + one.length, 0);
          expect(bytesKept).toBeLessThanOrEqual(HISTORY_ARTIFACT_BYTES_MAX);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it("drops a generation that never came into force, at the next change", () => {
    const [a, b, c] = [1, 2, 3].map((fill) => Buffer.alloc(10, fill)) as [Buffer, Buffer, Buffer];
    const first = patched(undefined, added(historyOf(undefined, NAME), a, 2, b));
    // Whoever wrote epoch 2 died before the apply: the object is at epoch 1 still.
    const patch = historyPatch(historyOf(first, NAME), live(pluginConfig(1, a)), {
      generation: { epoch: 3, artifact: c, modelMode: "enforce", vmGeneration: 0 },
      change: "push",
      at: AT,
    });
    const { records, artifacts } = historyOf(patched(first, patch), NAME);
    expect(records.map(({ epoch }) => epoch)).toEqual([1, 3]);
    expect([...artifacts.keys()].sort()).toEqual([sha256(a), sha256(c)].sort());
  });

  it("writes down what is in force, also where somebody else put it there", () => {
    const [a, b] = [1, 2].map((fill) => Buffer.alloc(10, fill)) as [Buffer, Buffer];
    const map = patched(undefined, added(historyOf(undefined, NAME), a, 2, b));
    const { records } = historyOf(map, NAME);
    expect(records.map(({ epoch, change, sha256: digest }) => [epoch, change, digest])).toEqual([
      [1, "found", sha256(a)],
      [2, "push", sha256(b)],
    ]);
  });

  it("reads what it can of a map that somebody has edited", () => {
    const good = Buffer.alloc(10, 1);
    const record = {
      epoch: 4,
      sha256: sha256(good),
      modelVersion: 0,
      vmGeneration: 0,
      change: "push",
    };
    const map = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: NAME, resourceVersion: "1" },
      data: { "epoch-4": JSON.stringify(record), "epoch-5": "{", "epoch-6": '{"epoch":7}', x: "" },
      binaryData: {
        [`${sha256(good)}.gngl`]: good.toString("base64"),
        [`${"00".repeat(32)}.gngl`]: good.toString("base64"),
      },
    };
    const { records, artifacts } = historyOf(map, NAME);
    expect(records.map(({ epoch }) => epoch)).toEqual([4]);
    expect([...artifacts.keys()]).toEqual([sha256(good)]);
    expect(historyOf(undefined, NAME)).toMatchObject({ records: [], resourceVersion: undefined });
  });

  it("tells the mode of each model, enforced where a record of before says none", () => {
    const [a, b] = [1, 2].map((fill) => Buffer.alloc(10, fill)) as [Buffer, Buffer];
    const patch = historyPatch(historyOf(undefined, NAME), live(pluginConfig(1, a)), {
      generation: { epoch: 2, artifact: b, modelMode: "shadow", vmGeneration: 0 },
      change: "push",
      at: AT,
    });
    const map = patched(undefined, patch);
    expect(recalled(historyOf(map, NAME), 2).modelMode).toBe("shadow");
    const data = map.data as Record<string, string>;
    const { modelMode: _mode, ...older } = JSON.parse(data["epoch-2"]!) as { modelMode: string };
    const before = { ...map, data: { ...data, "epoch-2": JSON.stringify(older) } };
    expect(recalled(historyOf(before, NAME), 2).modelMode).toBe("enforce");
  });

  it("is shown newest first, with what became of each", () => {
    const [a, b] = [1, 2].map((fill) => Buffer.alloc(10, fill)) as [Buffer, Buffer];
    const map = patched(undefined, added(historyOf(undefined, NAME), a, 2, b));
    const states = (epoch: number) =>
      historyRows(historyOf(map, NAME), live(pluginConfig(epoch))).map((row) => row.state);
    expect(states(1)).toEqual(["never applied", "in force"]);
    expect(states(2)).toEqual(["in force", "was"]);
    expect(states(9)).toEqual(["was", "was"]);
  });
});
