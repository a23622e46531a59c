// Acceptance by Istio itself: its fetcher pulls what we pushed and finds the module in it.

import { readFile, rm, writeFile, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededPrng } from "../../../host-tools/src/lib/prng";
import {
  buildImage,
  digestOf,
  IMAGE_FORMS,
  type ImageForm,
  type OciImage,
  pullImage,
  pushImage,
  writeLayout,
} from "../../../host-tools/src/oci";
import { sampleModule } from "../../host/oci/sample";
import {
  BUILD_TIMEOUT_MS,
  buildIstioFetcher,
  fetchAsIstio,
  findGo,
  validateLayout,
} from "../../support/istio-fetcher";
import { DockerRegistry, findDockerRegistry } from "../../support/registry";

const foundRegistry = await findDockerRegistry();
const foundGo = await findGo();
const METADATA = { version: "1" };
const CHOICES = {
  prng: seededPrng(1),
  credential: async () => ({ kind: "anonymous" }) as const,
};
const runnable = foundRegistry.path !== undefined && foundGo.path !== undefined;

describe.runIf(runnable)("Istio's own fetcher", () => {
  let registry: DockerRegistry;
  let fetcher: string;
  let folder: string;
  beforeAll(async () => {
    fetcher = await buildIstioFetcher();
    folder = await mkdtemp(join(tmpdir(), "ganglion-istio-"));
    registry = await DockerRegistry.start(foundRegistry.path ?? "");
  }, BUILD_TIMEOUT_MS);
  afterAll(async () => {
    await registry?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const push = (wasm: Uint8Array, form: ImageForm, name: string) =>
    pushImage(buildImage(wasm, form, METADATA), `${registry.host}/${name}:1`, CHOICES);

  it.each(IMAGE_FORMS)("takes the %s form by digest and finds the module's bytes", async (form) => {
    const wasm = sampleModule(70_000);
    const pushed = await push(wasm, form, form);
    const sha256 = pushed.digest.slice("sha256:".length);
    const fetched = await fetchAsIstio(fetcher, folder, pushed.reference, sha256);
    expect(Buffer.compare(fetched, wasm)).toBe(0);
  });

  it.each(IMAGE_FORMS)("takes the %s form by tag", async (form) => {
    const wasm = sampleModule(100, 3);
    await push(wasm, form, `tagged-${form}`);
    const fetched = await fetchAsIstio(fetcher, folder, `oci://${registry.host}/tagged-${form}:1`);
    expect(Buffer.compare(fetched, wasm)).toBe(0);
  });

  it("comes with a library that finds the layout of both forms valid", async () => {
    const entries = IMAGE_FORMS.map((form) => ({
      image: buildImage(sampleModule(70_000), form, METADATA),
      name: form,
    }));
    const layout = join(folder, "layout");
    await writeLayout(layout, entries);
    expect(await validateLayout(fetcher, layout)).toEqual([2, 1]);
  });

  it("refuses another checksum than the manifest's", async () => {
    const pushed = await push(sampleModule(100, 4), "compat", "checksum");
    await expect(
      fetchAsIstio(fetcher, folder, `oci://${registry.host}/checksum:1`, "0".repeat(64)),
    ).rejects.toThrow(/does not match/);
    expect(pushed.tag).toBe("1");
  });

  /** Changes the module's layer where the registry keeps it, under the manifest that stays. */
  const tamper = async (image: OciImage, change: (layer: Buffer) => Uint8Array) => {
    const hex = image.manifest.layers.at(-1)?.digest.slice("sha256:".length) ?? "";
    const blobs = join(registry.folder, "data/docker/registry/v2/blobs/sha256");
    const path = join(blobs, hex.slice(0, 2), hex, "data");
    await writeFile(path, change(await readFile(path)));
  };

  /** What Istio makes of it: the module's bytes, or its refusal. */
  const outcome = (reference: string) =>
    fetchAsIstio(fetcher, folder, reference).then(
      (bytes) => digestOf(bytes),
      () => "refused",
    );

  it.each(IMAGE_FORMS)("refuses the %s form with a byte flipped in the registry", async (form) => {
    for (const offset of [600, 3_000, 5_500]) {
      const wasm = sampleModule(5_100, offset & 255);
      const { reference } = await push(wasm, form, `flipped-${form}`);
      await tamper(buildImage(wasm, form, METADATA), (layer) => {
        const at = Math.min(offset, layer.length - 600);
        layer[at] = (layer[at] ?? 0) ^ 1;
        return layer;
      });
      expect(await outcome(reference)).toBe("refused");
    }
  });

  // The second half is a weakness of the fetcher at the pinned commit, and why artifact is our
  // default.
  it.each([
    ["refuses", "artifact"],
    ["runs", "compat"],
  ] as const)("%s another module under the manifest of the %s form", async (verb, form) => {
    const wasm = sampleModule(5_000, 6);
    const other = sampleModule(5_000, 7);
    const { reference } = await push(wasm, form, `replaced-${form}`);
    const layer = buildImage(other, form, METADATA).blobs.at(-1)?.bytes ?? new Uint8Array(0);
    await tamper(buildImage(wasm, form, METADATA), () => layer);
    expect(await outcome(reference)).toBe(verb === "runs" ? digestOf(other) : "refused");
    // Our own pull reads to the end, in either form.
    await expect(pullImage(reference, CHOICES)).rejects.toMatchObject({ code: "E_OCI_DIGEST" });
  });
});
