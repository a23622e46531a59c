import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { buildImage, createdFrom, digestOf, type ImageForm } from "../../../host-tools/src/oci";
import { expectGolden } from "./golden";
import { sampleModule } from "./sample";

const METADATA = {
  version: "0.1.0",
  title: "ganglion",
  revision: "0123456789abcdef0123456789abcdef01234567",
  source: "https://example.test/ganglion",
  licenses: "Apache-2.0",
  created: createdFrom("1767225600"),
} as const;
const FORMS: ImageForm[] = ["compat", "artifact"];

describe("an image", () => {
  it.each(FORMS)("of the %s form has the golden manifest and config", (form) => {
    const image = buildImage(sampleModule(100), form, METADATA);
    const config = image.blobs[0]?.bytes ?? new Uint8Array(0);
    const parts = [
      Buffer.from(image.manifestBytes).toString("utf8"),
      new TextDecoder().decode(config),
    ];
    const shown = parts.map((part) => JSON.stringify(JSON.parse(part), null, 2)).join("\n");
    expectGolden(`${form}.txt`, `${image.digest}\n${shown}\n`);
  });

  it.each(FORMS)("of the %s form is the same bytes each time, in any order of metadata", (form) => {
    const reversed = Object.fromEntries(Object.entries(METADATA).reverse());
    const one = buildImage(sampleModule(70_000), form, METADATA);
    const two = buildImage(sampleModule(70_000), form, reversed);
    expect(two.digest).toBe(one.digest);
    expect(two.blobs.map((blob) => digestOf(blob.bytes))).toEqual(
      one.blobs.map((blob) => blob.descriptor.digest),
    );
  });

  it.each(FORMS)("of the %s form describes each blob by its own digest and size", (form) => {
    const image = buildImage(sampleModule(5), form);
    const descriptors = [image.manifest.config, ...image.manifest.layers];
    expect(image.blobs.map((blob) => blob.descriptor)).toEqual(descriptors);
    for (const { descriptor, bytes } of image.blobs) {
      expect(descriptor).toMatchObject({ digest: digestOf(bytes), size: bytes.length });
    }
    expect(image.digest).toBe(digestOf(image.manifestBytes));
  });

  it("of the compat form names the digest of the archive before gzip as its only diff id", () => {
    const { blobs } = buildImage(sampleModule(5), "compat");
    const config = JSON.parse(new TextDecoder().decode(blobs[0]?.bytes)) as {
      rootfs: { diff_ids: string[] };
    };
    expect(config.rootfs.diff_ids).toEqual([digestOf(gunzipSync(blobs[1]?.bytes ?? ""))]);
  });

  it("of the artifact form has exactly two layers, the second the module as it is", () => {
    const wasm = sampleModule(5);
    const image = buildImage(wasm, "artifact");
    expect(image.manifest.layers).toHaveLength(2);
    expect(image.blobs[2]?.bytes).toEqual(wasm);
  });

  it("carries no time when the source has none", () => {
    const { manifestBytes, blobs } = buildImage(sampleModule(), "compat", { version: "1" });
    const text =
      new TextDecoder().decode(manifestBytes) + new TextDecoder().decode(blobs[0]?.bytes);
    expect(text).not.toContain('"created"');
    expect(text).not.toContain("image.created");
  });

  it.each([
    ["nothing", ""],
    ["text form", "(module)"],
    ["a component", "\0asm\x0d\0\x01\0"],
    ["half a header", "\0asm"],
  ])("is refused for %s", (_, content) => {
    expect(() => buildImage(Buffer.from(content, "latin1"), "compat")).toThrow(
      expect.objectContaining({ code: "E_IMAGE_WASM", exitCode: 65 }),
    );
  });

  it.each(["a\nb", "\u001b[31m", "x".repeat(1025)])("refuses the annotation %j", (title) => {
    expect(() => buildImage(sampleModule(), "compat", { title })).toThrow(
      expect.objectContaining({ code: "E_IMAGE_ANNOTATION" }),
    );
  });

  it("refuses a form that it does not know, with the ones it does", () => {
    expect(() => buildImage(sampleModule(), "docker" as ImageForm)).toThrow(/artifact, compat/);
  });
});

describe("SOURCE_DATE_EPOCH", () => {
  it("becomes an RFC 3339 time of whole seconds", () => {
    expect(createdFrom("1767225600")).toBe("2026-01-01T00:00:00Z");
    expect(createdFrom("0")).toBe("1970-01-01T00:00:00Z");
  });

  it("may be absent", () => {
    expect([createdFrom(undefined), createdFrom("")]).toEqual([undefined, undefined]);
  });

  it.each(["now", "-1", "1.5", "1e9", " 1", "253402300800"])("is refused as %j", (text) => {
    expect(() => createdFrom(text)).toThrow(expect.objectContaining({ code: "E_SOURCE_DATE" }));
  });
});
