// An image as a folder, the OCI image layout: what `pack -o` writes and what other tools (skopeo,
// oras, crane) read. The folder is old or new at every instant, also under kill -9: a new one is
// built beside its place and renamed into it; in one that exists, blobs are only ever added before
// index.json, which alone says what the layout holds, is replaced by a rename. Blobs that nothing
// names any more go last.
//
//   DIR/oci-layout   DIR/index.json   DIR/blobs/sha256/<64 hex>

import { readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ExitCode, GanglionError } from "../lib/errors";
import { makeFolder } from "../lib/make-folder";
import { verifyDigest } from "./digest";
import { removeDeadDrafts, writeWholeFile, writeWholeFolder } from "./draft";
import { distinctBlobs, type OciImage } from "./image";
import { checkDescriptor, imageOfManifest, manifestError, parseJson } from "./manifest";
import { Annotation, type Descriptor, MediaType } from "./media-types";
import { isRecord } from "../lib/is-record";

const LAYOUT_VERSION = "1.0.0";
const LAYOUT_FILE = "oci-layout";
const INDEX_FILE = "index.json";
const INDEX_MAX_BYTES = 1024 * 1024;

export interface LayoutEntry {
  readonly image: OciImage;
  /** The tag within the layout, e.g. `0.1.0`; undefined leaves the image unnamed. */
  readonly name: string | undefined;
}

/**
 * Writes a layout of exactly these images; the same entries give the same bytes.
 *
 * @param directory is made, or must be an OCI layout already: another folder is never written into
 * @throws GanglionError E_LAYOUT_TARGET, E_LAYOUT_WRITE
 */
export async function writeLayout(
  directory: string,
  entries: readonly LayoutEntry[],
): Promise<void> {
  try {
    await writeFiles(resolve(directory), entries, directory);
  } catch (cause) {
    if (cause instanceof GanglionError) throw cause;
    throw new GanglionError("E_LAYOUT_WRITE", `layout ${directory}: ${(cause as Error).message}`, {
      cause,
      hint: "The folder is as it was before; check its place, its rights and the space left.",
    });
  }
}

/**
 * Reads a layout with every digest and size checked.
 *
 * @throws GanglionError E_LAYOUT_READ, E_OCI_MANIFEST, E_OCI_DIGEST
 */
export async function readLayout(directory: string): Promise<LayoutEntry[]> {
  const version = parseJson(await readBounded(directory, LAYOUT_FILE, 1024), LAYOUT_FILE);
  if (!isRecord(version) || version["imageLayoutVersion"] !== LAYOUT_VERSION) {
    throw manifestError(
      join(directory, LAYOUT_FILE),
      `imageLayoutVersion is not ${LAYOUT_VERSION}`,
    );
  }
  const where = join(directory, INDEX_FILE);
  const index = parseJson(await readBounded(directory, INDEX_FILE, INDEX_MAX_BYTES), where);
  const manifests = isRecord(index) ? index["manifests"] : undefined;
  if (!Array.isArray(manifests)) throw manifestError(where, "manifests is not a list");
  const entries: LayoutEntry[] = [];
  for (const [at, descriptor] of (manifests as unknown[]).entries()) {
    checkDescriptor(descriptor, `${where}, manifests[${at}]`);
    const bytes = await readBlob(directory, descriptor);
    const image = await imageOfManifest(bytes, directory, (blob) => readBlob(directory, blob));
    entries.push({ image, name: descriptor.annotations?.[Annotation.refName] });
  }
  return entries;
}

async function writeFiles(
  target: string,
  entries: readonly LayoutEntry[],
  shown: string,
): Promise<void> {
  await makeFolder(dirname(target));
  for (const folder of [dirname(target), target, join(target, "blobs", "sha256")]) {
    await removeDeadDrafts(folder);
  }
  if (await isEmptyOrMissing(target)) {
    // rename(2) replaces an empty folder, and fails when somebody filled it in the meantime.
    await writeWholeFolder(target, async (draft) => {
      await writeBlobs(draft, entries);
      await writeWholeFile(join(draft, LAYOUT_FILE), layoutBytes());
      await writeWholeFile(join(draft, INDEX_FILE), indexBytes(entries));
    });
    return;
  }
  if (!(await exists(join(target, LAYOUT_FILE)))) {
    throw new GanglionError("E_LAYOUT_TARGET", `${shown} is not empty and no OCI layout`, {
      hint: "Choose another folder, or empty that one; nothing in it was touched.",
      exitCode: ExitCode.badInput,
    });
  }
  await writeBlobs(target, entries);
  await writeWholeFile(join(target, INDEX_FILE), indexBytes(entries));
  await removeUnnamed(target, entries);
}

async function writeBlobs(root: string, entries: readonly LayoutEntry[]): Promise<void> {
  await makeFolder(join(root, "blobs", "sha256"));
  for (const { image } of entries) {
    for (const { descriptor, bytes } of distinctBlobs(image.blobs)) {
      await writeWholeFile(blobPath(root, descriptor.digest), bytes);
    }
    await writeWholeFile(blobPath(root, image.digest), image.manifestBytes);
  }
}

function layoutBytes(): Uint8Array {
  return Buffer.from(JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION }));
}

function indexBytes(entries: readonly LayoutEntry[]): Uint8Array {
  const manifests: Descriptor[] = entries.map(({ image, name }) => {
    const descriptor = {
      mediaType: image.manifest.mediaType,
      digest: image.digest,
      size: image.manifestBytes.length,
    };
    return name === undefined
      ? descriptor
      : { ...descriptor, annotations: { [Annotation.refName]: name } };
  });
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MediaType.index, manifests }));
}

async function readBlob(directory: string, descriptor: Descriptor): Promise<Uint8Array> {
  const bytes = await readBounded(directory, blobPath("", descriptor.digest), descriptor.size);
  return verifyDigest(bytes, descriptor.digest, `${directory}, blob`);
}

async function readBounded(directory: string, name: string, maxBytes: number): Promise<Uint8Array> {
  const path = join(directory, name);
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new Error(`has ${size} bytes, at most ${maxBytes} were expected`);
    return await readFile(path);
  } catch (cause) {
    throw new GanglionError("E_LAYOUT_READ", `${path}: ${(cause as Error).message}`, {
      cause,
      hint: "Give the folder of an OCI layout, as `ganglion pack -o DIR` writes it.",
      exitCode: ExitCode.badInput,
    });
  }
}

async function removeUnnamed(root: string, entries: readonly LayoutEntry[]): Promise<void> {
  const named = new Set<string>();
  for (const { image } of entries) {
    named.add(image.digest);
    for (const { descriptor } of image.blobs) named.add(descriptor.digest);
  }
  for (const name of await readdir(join(root, "blobs", "sha256"))) {
    if (!named.has(`sha256:${name}`)) await rm(blobPath(root, `sha256:${name}`));
  }
}

function blobPath(root: string, digest: string): string {
  return join(root, "blobs", ...digest.split(":"));
}

async function isEmptyOrMissing(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
