// The module in an image that somebody else may have made, and whether a proxy could fetch it.

import fc from "fast-check";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  buildImage,
  checkPull,
  digestOf,
  IMAGE_FORMS,
  moduleOfImage,
  type OciImage,
  pushImage,
} from "../../../host-tools/src/oci";
import { imageFromParts } from "../../../host-tools/src/oci/image";
import { MediaType } from "../../../host-tools/src/oci/media-types";
import { fileOfTar, tarOfFile } from "../../../host-tools/src/oci/tar";
import { FakeRegistry } from "./fake-registry";
import { choices, codeOf, sampleModule } from "./sample";

const WASM = sampleModule(3000);

/** An image with these layers instead. */
function withLayers(...layers: (readonly [mediaType: string, bytes: Uint8Array])[]): OciImage {
  const { manifest, blobs } = buildImage(WASM, "compat");
  const made = layers.map(([mediaType, bytes]) => ({
    descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length },
    bytes,
  }));
  const other = { ...manifest, layers: made.map(({ descriptor }) => descriptor) };
  const bytes = Buffer.from(JSON.stringify(other));
  return imageFromParts(other, bytes, [blobs[0]!, ...made]);
}
const packed = (name: string, bytes = WASM) =>
  [MediaType.tarGzipLayer, gzipSync(tarOfFile(name, bytes))] as const;
const codeOfModule = (image: OciImage) => codeOf((async () => moduleOfImage(image, "it"))());

describe("the module of an image", () => {
  it.each(IMAGE_FORMS)("in the %s form is found, byte for byte", (form) => {
    const found = moduleOfImage(buildImage(WASM, form), "it");
    expect(found.form).toBe(form);
    expect(Buffer.compare(found.wasm, WASM)).toBe(0);
  });

  it("is in the last layer, as Istio has it", () => {
    const image = withLayers(packed("other.wasm"), packed("plugin.wasm"));
    expect(Buffer.compare(moduleOfImage(image, "it").wasm, WASM)).toBe(0);
  });

  it.each<[string, () => OciImage]>([
    ["of another name", () => withLayers(packed("filter.wasm"))],
    ["in a layer that is not the last", () => withLayers(packed("plugin.wasm"), packed("x"))],
    ["in no gzip", () => withLayers([MediaType.tarGzipLayer, WASM])],
    ["in a layer of another type", () => withLayers(["application/wasm", WASM])],
    ["as a content layer alone", () => withLayers([MediaType.wasmContent, WASM])],
    [
      "in an archive that ends early",
      () => {
        return withLayers([
          MediaType.tarGzipLayer,
          gzipSync(tarOfFile("plugin.wasm", WASM).subarray(0, 1500)),
        ]);
      },
    ],
  ])("%s is none", async (_, image) => {
    expect(await codeOfModule(image())).toBe("E_IMAGE_CONTENT");
  });
});

describe("a file in an archive", () => {
  it("is what was put there", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        const found = fileOfTar(tarOfFile("plugin.wasm", bytes), "plugin.wasm");
        expect(Buffer.compare(found ?? Buffer.from("none"), bytes)).toBe(0);
      }),
      { seed: 20321, numRuns: 200 },
    );
  });

  it("is found below folders and behind others, and no folder is taken for it", () => {
    const named = (name: string, kind = "0") => {
      const archive = Buffer.from(tarOfFile("x", WASM));
      archive.write(name.padEnd(100, "\0"), 0, "latin1");
      archive.write(kind, 156, "latin1");
      return archive.subarray(0, -1024);
    };
    const at = (archive: Buffer) => fileOfTar(archive, "plugin.wasm")?.length;
    expect(at(Buffer.concat([named("a"), named("deep/er/plugin.wasm")]))).toBe(WASM.length);
    expect(at(named("plugin.wasm", "5"))).toBeUndefined();
    expect(at(named("plugin.wasm", "2"))).toBeUndefined();
  });

  it("is none or lies within it, whatever the bytes are", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.nat({ max: 2500 }),
        (noise, from) => {
          const archive = tarOfFile("plugin.wasm", WASM);
          archive.set(noise.subarray(0, archive.length - from), from);
          expect(fileOfTar(archive, "plugin.wasm")?.length ?? 0).toBeLessThanOrEqual(
            archive.length,
          );
        },
      ),
      { seed: 20322, numRuns: 2000 },
    );
  });
});

describe("a check before an apply", () => {
  let fake: FakeRegistry;
  beforeEach(async () => {
    fake = await FakeRegistry.start();
  });
  afterEach(() => fake.stop());
  const target = () => `${fake.host}/ganglion:1`;

  it.each(IMAGE_FORMS)("pins the %s form and tells whose module is in it", async (form) => {
    const image = buildImage(WASM, form);
    await pushImage(image, target(), choices());
    const reference = `oci://${fake.host}/ganglion@${image.digest}`;
    expect(await checkPull(target(), WASM, choices())).toEqual({
      reference,
      digest: image.digest,
      form,
      wasm: Buffer.from(WASM),
      isExpected: true,
    });
    expect((await checkPull(reference, sampleModule(1), choices())).isExpected).toBe(false);
    expect((await checkPull(reference, undefined, choices())).isExpected).toBeUndefined();
  });

  it("fails where a proxy would: no image, a damaged layer, no module in it", async () => {
    expect(await codeOf(checkPull(target(), WASM, choices()))).toBe("E_IMAGE_FETCH");
    const image = buildImage(WASM, "compat");
    await pushImage(image, target(), choices());
    fake.blobs.get(image.manifest.layers[0]!.digest)!.writeUInt8(0, 700);
    expect(await codeOf(checkPull(target(), WASM, choices()))).toBe("E_IMAGE_FETCH");
    await pushImage(withLayers(packed("filter.wasm")), target(), choices());
    expect(await codeOf(checkPull(target(), WASM, choices()))).toBe("E_IMAGE_CONTENT");
  });
});
