// Fetches the object's image as a proxy would, before anything new is applied, and gives back the
// module in it: the new configuration is tried on the very bytes that will run it. A mesh with an
// image that cannot be fetched answers 403 to everything; a push must not be what brings that out.

import { gunzipSync } from "node:zlib";
import { seededPrng } from "../lib/prng";
import { ExitCode, GanglionError } from "../lib/errors";
import { parseReference, pullImage, type OciImage, type RegistryChoices } from "../oci";
import { PLUGIN_FILE_NAME } from "../oci/image";
import { MediaType } from "../oci/media-types";
import type { LiveFilter } from "./live-filter";

/** Bytes of a module after unpacking; ours has less than a thousandth of it. */
const MODULE_BYTES_MAX = 256 * 1024 * 1024;
const TAR_BLOCK_BYTES = 512;

/**
 * The module of the object's image.
 *
 * @returns undefined for a url of another kind than oci://, which only a proxy can read
 * @throws GanglionError E_IMAGE_UNPINNED, E_IMAGE_FETCH, E_IMAGE_CONTENT
 */
export async function fetchModule(
  live: LiveFilter,
  choices: Partial<RegistryChoices> = {},
): Promise<Uint8Array | undefined> {
  const { url, sha256 } = live.image;
  if (/^(file|https?):\/\//.test(url)) return undefined;
  const reference = parseReference(url);
  const pinned = reference.digest ?? (sha256 === undefined ? undefined : `sha256:${sha256}`);
  if (pinned === undefined || (sha256 !== undefined && pinned !== `sha256:${sha256}`)) {
    throw new GanglionError(
      "E_IMAGE_UNPINNED",
      pinned === undefined
        ? `the object's image ${url} has no digest: any change of the object may fetch another module`
        : `the object's url says ${pinned}, its sha256 says ${sha256}: no proxy can fetch that`,
      {
        hint: "Render with --image oci://HOST/NAME@sha256:DIGEST and apply that first.",
        exitCode: ExitCode.badInput,
      },
    );
  }
  const image = await pulled({ ...reference, tag: undefined, digest: pinned }, url, choices);
  return moduleOf(image, url);
}

async function pulled(
  reference: ReturnType<typeof parseReference>,
  url: string,
  choices: Partial<RegistryChoices>,
): Promise<OciImage> {
  try {
    return await pullImage(reference, { prng: seededPrng(process.pid), ...choices });
  } catch (cause) {
    const error = cause instanceof GanglionError ? cause : undefined;
    throw new GanglionError(
      "E_IMAGE_FETCH",
      `the object's image ${url} cannot be fetched: ${(cause as Error).message}`,
      {
        cause,
        hint:
          `Nothing was changed. A new pod would fail on it too: push the image again. ` +
          `${error?.hint ?? ""}`.trim(),
      },
    );
  }
}

/** @throws GanglionError E_IMAGE_CONTENT */
export function moduleOf(image: OciImage, url: string): Uint8Array {
  const layer = image.blobs.at(-1);
  if (layer?.descriptor.mediaType === MediaType.wasmContent) return layer.bytes;
  try {
    const archive = gunzipSync(layer?.bytes ?? new Uint8Array(0), {
      maxOutputLength: MODULE_BYTES_MAX,
    });
    const found = tarEntry(archive, PLUGIN_FILE_NAME);
    if (found !== undefined) return found;
  } catch (cause) {
    throw contentError(url, cause);
  }
  throw contentError(url, undefined);
}

/** The content of a file in an archive, by base name as Istio looks for it. */
function tarEntry(archive: Uint8Array, fileName: string): Uint8Array | undefined {
  const text = (from: number, length: number): string =>
    Buffer.from(archive.subarray(from, from + length))
      .toString("latin1")
      .split("\0", 1)[0]!;
  for (let at = 0; at + TAR_BLOCK_BYTES <= archive.length;) {
    const name = text(at, 100);
    const sizeBytes = Number.parseInt(text(at + 124, 12).trim() || "0", 8);
    if (name === "" || !Number.isSafeInteger(sizeBytes)) return undefined;
    const from = at + TAR_BLOCK_BYTES;
    if (name.split("/").at(-1) === fileName) return archive.subarray(from, from + sizeBytes);
    at = from + Math.ceil(sizeBytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
  }
  return undefined;
}

function contentError(url: string, cause: unknown): GanglionError {
  return new GanglionError(
    "E_IMAGE_CONTENT",
    `the image ${url} holds no ${PLUGIN_FILE_NAME} in its last layer`,
    { cause, hint: "Pack it with `ganglion pack --push`." },
  );
}
