// Reads the manifest of an image that somebody else may have written: a registry's or a layout's.
// Writing one is image.ts; here everything is doubted first, because sizes and digests steer the
// next reads.

import { ExitCode, GanglionError } from "../lib/errors";
import { isDigest, verifyDigest } from "./digest";
import { type ImageBlob, imageFromParts, type OciImage, WASM_MAX_BYTES } from "./image";
import { type Descriptor, type Manifest, MediaType } from "./media-types";
import { isRecord } from "../lib/is-record";

const LAYERS_MAX = 16;
const BLOB_MAX_BYTES = WASM_MAX_BYTES + 64 * 1024;

/**
 * The image of a manifest, its blobs fetched in order and each held against its descriptor.
 *
 * @param where names the origin in messages
 * @throws GanglionError E_OCI_MANIFEST, E_OCI_DIGEST
 */
export async function imageOfManifest(
  manifestBytes: Uint8Array,
  where: string,
  fetchBlob: (descriptor: Descriptor) => Promise<Uint8Array>,
): Promise<OciImage> {
  const manifest = parseManifest(manifestBytes, where);
  const blobs: ImageBlob[] = [];
  const known = new Map<string, Uint8Array>();
  for (const descriptor of [manifest.config, ...manifest.layers]) {
    const bytes = known.get(descriptor.digest) ?? (await fetchBlob(descriptor));
    verifyDigest(bytes, descriptor.digest, `${where}, blob`);
    if (bytes.length !== descriptor.size) {
      const found = `blob ${descriptor.digest} has ${bytes.length} bytes`;
      throw manifestError(where, `${found}, the manifest says ${descriptor.size}`);
    }
    known.set(descriptor.digest, bytes);
    blobs.push({ descriptor, bytes });
  }
  return imageFromParts(manifest, manifestBytes, blobs);
}

/** @throws GanglionError E_OCI_MANIFEST */
export function parseManifest(bytes: Uint8Array, where: string): Manifest {
  const parsed = parseJson(bytes, where);
  if (!isRecord(parsed) || parsed["schemaVersion"] !== 2) {
    throw manifestError(where, "schemaVersion is not 2");
  }
  if (parsed["mediaType"] !== MediaType.manifest) {
    throw manifestError(where, `mediaType is not ${MediaType.manifest}`);
  }
  const layers = parsed["layers"];
  if (!Array.isArray(layers) || layers.length < 1 || layers.length > LAYERS_MAX) {
    throw manifestError(where, `layers is not a list of 1 to ${LAYERS_MAX}`);
  }
  checkDescriptor(parsed["config"], `${where}, config`);
  layers.forEach((layer, index) => checkDescriptor(layer, `${where}, layers[${index}]`));
  return parsed as unknown as Manifest;
}

/** Asserts the three fields that decide what is read next. */
export function checkDescriptor(value: unknown, where: string): asserts value is Descriptor {
  if (!isRecord(value)) throw manifestError(where, "is not a descriptor");
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== "string") throw manifestError(where, "mediaType is not a text");
  if (typeof digest !== "string" || !isDigest(digest)) {
    throw manifestError(where, "digest is not sha256: and 64 of 0-9 a-f");
  }
  if (typeof size !== "number" || !Number.isInteger(size) || size < 0 || size > BLOB_MAX_BYTES) {
    throw manifestError(where, `size is not a number of bytes from 0 to ${BLOB_MAX_BYTES}`);
  }
}

/** @throws GanglionError E_OCI_MANIFEST */
export function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (cause) {
    throw manifestError(where, "is not JSON", cause);
  }
}

export function manifestError(where: string, problem: string, cause?: unknown): GanglionError {
  return new GanglionError("E_OCI_MANIFEST", `${where}: ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "This is not an image that this tool wrote; pack it again.",
    exitCode: ExitCode.badInput,
  });
}
