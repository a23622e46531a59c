// A module as an OCI image, in the two forms that Istio's fetcher takes. Most layouts one would
// guess are refused there: the CNCF `application/wasm` layer, and a content layer alone ("number of
// layers must be 2"). Both forms are plain values here; where they are written or pushed is not
// this file's business.
//
//   artifact  image | empty runtime config as layer 1 | the raw module as layer 2   (the default)
//   compat    image | config with rootfs | one tar+gzip layer of plugin.wasm       (old registries)
//
// The default is the one that a pinned digest protects. Of a compat layer Istio's fetcher stops
// reading after the module's last byte, so it never comes to the layer's digest: a registry can put
// another module under a pinned manifest and it runs (test/e2e/oci/istio-fetcher.test.ts shows
// both). What we can do there is to end a gzip member just before that last byte, which makes
// damage, though not intent, be noticed.
//
// The bytes depend on the arguments alone: keys in one order, no clock, no host name (gzip.ts).

import { ExitCode, GanglionError } from "../lib/errors";
import { digestOf } from "./digest";
import { gzipStored } from "./gzip";
import { Annotation, type Descriptor, type Manifest, MediaType } from "./media-types";
import { tarContentEnd, tarOfFile } from "./tar";

/** The name that Istio looks for in the archive. */
export const PLUGIN_FILE_NAME = "plugin.wasm";
/** Istio's own default bound (ISTIO_WASM_MAX_BINARY_SIZE_BYTES) less the frame of the archive. */
export const WASM_MAX_BYTES = 256 * 1024 * 1024 - 2048;
const ANNOTATION_MAX_CHARS = 1024;
const WASM_HEADER = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

export type ImageForm = "compat" | "artifact";
export const IMAGE_FORMS: readonly ImageForm[] = ["artifact", "compat"];
export const DEFAULT_IMAGE_FORM: ImageForm = "artifact";

/** What the annotations say; each is left out when undefined. */
export interface ImageMetadata {
  readonly title?: string;
  readonly description?: string;
  readonly version?: string;
  /** Source revision, usually the commit. */
  readonly revision?: string;
  /** Address of the source. */
  readonly source?: string;
  /** SPDX expression. */
  readonly licenses?: string;
  /** RFC 3339, from `createdFrom(SOURCE_DATE_EPOCH)`: never the time of the build. */
  readonly created?: string;
}

export interface ImageBlob {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

export interface OciImage {
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array;
  /** The manifest's digest: what `@sha256:` and WasmPlugin's `sha256` refer to. */
  readonly digest: string;
  /** The config, then the layers in order. */
  readonly blobs: readonly ImageBlob[];
  /** Manifest and blobs together. */
  readonly sizeBytes: number;
}

/**
 * The image of a module.
 *
 * @param wasm a WebAssembly 1 module of at most WASM_MAX_BYTES
 * @throws GanglionError E_IMAGE_WASM, E_IMAGE_SIZE, E_IMAGE_ANNOTATION, E_IMAGE_FORM
 */
export function buildImage(
  wasm: Uint8Array,
  form: ImageForm,
  metadata: ImageMetadata = {},
): OciImage {
  checkModule(wasm);
  const annotations = annotationsOf(metadata);
  switch (form) {
    case "compat":
      return compatImage(wasm, metadata, annotations);
    case "artifact":
      return artifactImage(wasm, annotations);
    default:
      throw new GanglionError(
        "E_IMAGE_FORM",
        `image form ${JSON.stringify(form)} is not one of ${IMAGE_FORMS.join(", ")}`,
        { exitCode: ExitCode.usage },
      );
  }
}

function compatImage(
  wasm: Uint8Array,
  metadata: ImageMetadata,
  annotations: Record<string, string>,
): OciImage {
  const archive = tarOfFile(PLUGIN_FILE_NAME, wasm);
  const lastByte = tarContentEnd(wasm.length) - 1;
  const packed = gzipStored(archive.subarray(0, lastByte), archive.subarray(lastByte));
  const layer = blob(MediaType.tarGzipLayer, packed);
  const config = jsonBlob(MediaType.imageConfig, {
    ...(metadata.created === undefined ? {} : { created: metadata.created }),
    architecture: "wasm",
    os: "wasip1",
    config: {},
    rootfs: { type: "layers", diff_ids: [digestOf(archive)] },
    history: [
      {
        ...(metadata.created === undefined ? {} : { created: metadata.created }),
        created_by: `COPY ${PLUGIN_FILE_NAME} /${PLUGIN_FILE_NAME}`,
      },
    ],
  });
  return imageOf(config, [layer], { [Annotation.wasmVariant]: "compat", ...annotations });
}

function artifactImage(wasm: Uint8Array, annotations: Record<string, string>): OciImage {
  // The specification's runtime config. Envoy picks the root context by WasmPlugin's pluginName, so
  // there is no list of root ids to give.
  const runtime = jsonBlob(
    MediaType.wasmConfig,
    { type: "envoy_proxy", abiVersions: ["v0.2.1"], config: {} },
    { [Annotation.title]: "runtime-config.json" },
  );
  const content = blob(MediaType.wasmContent, wasm, { [Annotation.title]: PLUGIN_FILE_NAME });
  // The manifest needs a config of its own; the same bytes under the same digest cost nothing.
  const config = { descriptor: withoutAnnotations(runtime.descriptor), bytes: runtime.bytes };
  return imageOf(config, [runtime, content], annotations);
}

function imageOf(
  config: ImageBlob,
  layers: readonly ImageBlob[],
  annotations: Record<string, string>,
): OciImage {
  const sorted = Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config: config.descriptor,
    layers: layers.map((layer) => layer.descriptor),
    ...(sorted.length === 0 ? {} : { annotations: Object.fromEntries(sorted) }),
  };
  return imageFromParts(manifest, jsonBytes(manifest), [config, ...layers]);
}

/** An image from parts whose digests are already known to agree. */
export function imageFromParts(
  manifest: Manifest,
  manifestBytes: Uint8Array,
  blobs: readonly ImageBlob[],
): OciImage {
  const distinct = distinctBlobs(blobs);
  const blobBytes = distinct.reduce((sum, one) => sum + one.bytes.length, 0);
  return {
    manifest,
    manifestBytes,
    digest: digestOf(manifestBytes),
    blobs,
    sizeBytes: manifestBytes.length + blobBytes,
  };
}

/** The blobs with each digest once, in the order of their first appearance. */
export function distinctBlobs(blobs: readonly ImageBlob[]): ImageBlob[] {
  const byDigest = new Map<string, ImageBlob>();
  for (const one of blobs) {
    if (!byDigest.has(one.descriptor.digest)) byDigest.set(one.descriptor.digest, one);
  }
  return [...byDigest.values()];
}

function blob(
  mediaType: string,
  bytes: Uint8Array,
  annotations?: Readonly<Record<string, string>>,
): ImageBlob {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  return { descriptor: annotations ? { ...descriptor, annotations } : descriptor, bytes };
}

function jsonBlob(
  mediaType: string,
  value: unknown,
  annotations?: Readonly<Record<string, string>>,
): ImageBlob {
  return blob(mediaType, jsonBytes(value), annotations);
}

function withoutAnnotations({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function checkModule(wasm: Uint8Array): void {
  if (wasm.length > WASM_MAX_BYTES) {
    throw new GanglionError(
      "E_IMAGE_SIZE",
      `the module has ${wasm.length} bytes, Istio fetches at most ${WASM_MAX_BYTES}`,
      { exitCode: ExitCode.badInput },
    );
  }
  if (WASM_HEADER.some((byte, index) => wasm[index] !== byte)) {
    const head = Buffer.from(wasm.subarray(0, WASM_HEADER.length)).toString("hex");
    throw new GanglionError(
      "E_IMAGE_WASM",
      `the file begins with 0x${head}, a WebAssembly 1 module with 0x0061736d01000000`,
      {
        hint: "Give the compiled .wasm, not its text form, a component or a packed image.",
        exitCode: ExitCode.badInput,
      },
    );
  }
}

function annotationsOf(metadata: ImageMetadata): Record<string, string> {
  const annotations: Record<string, string> = {};
  const keys = [
    "created",
    "description",
    "licenses",
    "revision",
    "source",
    "title",
    "version",
  ] as const;
  for (const key of keys) {
    const value = metadata[key];
    if (value === undefined) continue;
    // A control character would reach the terminal of whoever inspects the image.
    if (value.length > ANNOTATION_MAX_CHARS || /[\u0000-\u001f\u007f]/.test(value)) {
      throw new GanglionError(
        "E_IMAGE_ANNOTATION",
        `annotation ${key} has a control character or more than ${ANNOTATION_MAX_CHARS} characters`,
        { exitCode: ExitCode.badInput },
      );
    }
    annotations[Annotation[key]] = value;
  }
  return annotations;
}
