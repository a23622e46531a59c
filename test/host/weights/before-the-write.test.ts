import { describe, expect, it } from "vitest";
import { gitOpsOwner, type ManagedFields } from "../../../host-tools/src/cluster";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import { applyBody } from "../../../host-tools/src/weights/generation";
import { fetchModule } from "../../../host-tools/src/weights/image-check";
import { liveFilter } from "../../../host-tools/src/weights/live-filter";
import { checkSize, ETCD_BYTES_MAX } from "../../../host-tools/src/weights/object-size";
import { yamlStream, yamlText } from "../../../host-tools/src/istio/yaml-text";
import { roleObjects } from "../../../host-tools/src/weights/role";
import { expectGolden } from "../../support/golden";
import { filter, live, pluginConfig } from "./filter-fixture";

describe("the size of what is applied", () => {
  it("is measured against every bound on the way, in numbers", () => {
    const object = filter(pluginConfig(1, Buffer.alloc(3_000)));
    const config = pluginConfig(2, Buffer.alloc(9_000));
    const { line, warning } = checkSize(object, pluginConfig(1, Buffer.alloc(3_000)), config);
    expect(line).toMatch(
      /^object \d{5} of 1572864 bytes \(etcd\), configuration \d{5} of 327680 \(filter\) and 4194304 \(xDS\)$/,
    );
    expect(warning).toBeUndefined();
  });

  it("is refused above what etcd takes, with both numbers", () => {
    const annotations = { note: "x".repeat(ETCD_BYTES_MAX) };
    const object = filter(pluginConfig(1), "WasmPlugin", { annotations });
    expect(() => checkSize(object, pluginConfig(1), pluginConfig(2))).toThrow(
      /the object would have 157\d{4} bytes; etcd takes at most 1572864/,
    );
  });
});

describe("an image", () => {
  const withImage = (url: string, sha256?: string) => {
    const object = filter(pluginConfig(1), "WasmPlugin");
    const spec = { ...(object.spec as object), url, sha256 };
    return liveFilter({ ...object, spec });
  };
  const digest = "ab".repeat(32);

  it.each([
    ["has no digest", withImage("oci://r.example.com/x/y:1"), "has no digest"],
    [
      "has two digests",
      withImage(`oci://r.example.com/x/y@sha256:${digest}`, "cd".repeat(32)),
      "no proxy can fetch that",
    ],
  ])("that %s is refused unfetched", async (_, filtered, message) => {
    const fetchNothing = () => Promise.reject(new Error("nobody was to be asked"));
    const fetching = fetchModule(filtered, { prng: seededPrng(1), fetch: fetchNothing });
    await expect(fetching).rejects.toMatchObject({
      code: "E_IMAGE_UNPINNED",
      message: expect.stringContaining(message),
    });
  });

  it("that the registry does not have is refused with the reason", async () => {
    const absent = () => Promise.resolve(new Response("{}", { status: 404 }));
    const credential = () => Promise.resolve({ kind: "anonymous" } as const);
    const filtered = withImage(`oci://127.0.0.1:1/x/y@sha256:${digest}`, digest);
    const choices = { prng: seededPrng(1), fetch: absent, credential };
    await expect(fetchModule(filtered, choices)).rejects.toMatchObject({
      code: "E_IMAGE_FETCH",
      hint: expect.stringContaining("A proxy could not fetch it either"),
    });
  });

  it("that only a proxy can read is left to it", async () => {
    expect(await fetchModule(withImage("file:///x.wasm"))).toBeUndefined();
  });
});

describe("a server-side apply of weights", () => {
  const generation = {
    epoch: 5,
    artifact: Buffer.alloc(3, 1),
    modelMode: "enforce",
    vmGeneration: 0,
  } as const;

  it("says epoch and model and nothing else, on the version that was read", () => {
    const body = applyBody(live(pluginConfig(4)), generation);
    expect(body.metadata).toEqual({ name: "ganglion", namespace: "ai", resourceVersion: "1" });
    const { wasm } = body.spec as { wasm: { pluginConfig: object } };
    expect(Object.keys(wasm)).toEqual(["pluginConfig"]);
    expect(Object.keys(wasm.pluginConfig)).toEqual(["epoch", "model"]);
  });

  it("goes on saying what it has said before, or it would be removed", () => {
    const fieldsV1 = {
      "f:spec": {
        "f:pluginConfig": { "f:epoch": {}, "f:mode": {} },
        "f:vmConfig": { "f:env": { 'k:{"name":"GANGLION_VM_GEN"}': {} } },
      },
    };
    const managedFields = [{ manager: "ganglion-weights", operation: "Apply", fieldsV1 }];
    const owned = liveFilter(filter(pluginConfig(4), "WasmPlugin", { managedFields }));
    const { spec } = applyBody(owned, generation);
    expect(spec).toMatchObject({
      pluginConfig: { mode: "enforce" },
      vmConfig: { env: [{ name: "GANGLION_VM_GEN", value: "0" }] },
    });
  });

  const shadowed = (managedFields: ManagedFields[]) => {
    const { model, ...rest } = pluginConfig(4, Buffer.alloc(3, 1));
    const config = { ...rest, model: { ...model!, mode: "shadow" as const } };
    return liveFilter(filter(config, "WasmPlugin", { managedFields }));
  };
  const modelOf = (body: ReturnType<typeof applyBody>) =>
    (body.spec as { pluginConfig: { model: object } }).pluginConfig.model;

  it("says shadow within the model, and leaves it out to take it back", () => {
    const fieldsV1 = { "f:spec": { "f:pluginConfig": { "f:model": { "f:mode": {} } } } };
    const ours = shadowed([{ manager: "ganglion-weights", operation: "Apply", fieldsV1 }]);
    const inShadow = applyBody(ours, { ...generation, modelMode: "shadow" });
    expect(modelOf(inShadow)).toMatchObject({ mode: "shadow" });
    expect(Object.keys(modelOf(applyBody(ours, generation)))).toEqual(["sha256", "base64"]);
  });

  it("contradicts what somebody else has said there, which leaving out would not remove", () => {
    expect(modelOf(applyBody(shadowed([]), generation))).toMatchObject({ mode: "enforce" });
  });
});

describe("an object", () => {
  it("of nobody but kubectl may be pushed to", () => {
    const labels = { "app.kubernetes.io/instance": "x", "helm.sh/chart": "y" };
    const managedFields = [{ manager: "kubectl" }, { manager: "helm" }];
    expect(gitOpsOwner(filter(pluginConfig(1), "WasmPlugin", { labels, managedFields }))).toBe(
      undefined,
    );
  });

  it("of another plugin is not ours", () => {
    const object = filter(pluginConfig(1), "WasmPlugin");
    const other = { ...object, spec: { ...(object.spec as object), pluginName: "other" } };
    expect(() => liveFilter(other)).toThrow(
      'WasmPlugin ai/ganglion has pluginName "other" and a pluginConfig: it is not our filter',
    );
  });
});

describe("the pusher's Role", () => {
  it.each(["direct", "apiserver", "none"] as const)(
    "is the least that pushing needs: %s",
    (through) => {
      const objects = roleObjects({
        namespace: "ai",
        name: "ganglion",
        kind: "TrafficExtension",
        account: "pusher",
        through,
      });
      expectGolden(`manifests/weights-role-${through}.yaml`, yamlStream(objects.map(yamlText)));
    },
  );
});
