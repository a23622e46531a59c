// What is said about an image beside it in the registry: signatures, lists of contents. Each is a
// manifest whose `subject` is the image's (image specification 1.1). A registry that knows the
// referrers API lists them itself; for one that does not, the specification has the client keep the
// list under the tag `sha256-<hex>`, which is what cosign and oras read there too.

import { ExitCode, GanglionError } from "../lib/errors";
import { digestOf } from "./digest";
import { type ImageBlob, imageFromParts, type OciImage } from "./image";
import { checkDescriptor, manifestError, parseJson, parseManifest } from "./manifest";
import { type Descriptor, type Manifest, MediaType } from "./media-types";
import type { Registry } from "./registry";
import { isRecord } from "../lib/is-record";

/** Referrers of one image that are looked at; more are no use to anybody. */
const REFERRERS_MAX = 64;
const LIST_TRIES_MAX = 5;
const EMPTY_CONFIG = new TextEncoder().encode("{}");

/** What is said, as it is stored. */
export interface Referral {
  /** Kind of what is said, e.g. a Sigstore bundle. */
  readonly artifactType: string;
  /** Media type of the content. */
  readonly mediaType: string;
  readonly content: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The manifest that says it of a subject; the same arguments give the same bytes. */
export function referrerOf(subject: Descriptor, referral: Referral): OciImage {
  const config = blobOf(MediaType.empty, EMPTY_CONFIG);
  const content = blobOf(referral.mediaType, referral.content);
  const sorted = Object.entries(referral.annotations ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    artifactType: referral.artifactType,
    config: config.descriptor,
    layers: [content.descriptor],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    ...(sorted.length === 0 ? {} : { annotations: Object.fromEntries(sorted) }),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  return imageFromParts(manifest, bytes, [config, content]);
}

/**
 * Stores what is said, and has it listed.
 *
 * @returns digest of its manifest
 * @throws GanglionError E_REFERRERS_OVERTAKEN, E_OCI_MANIFEST, E_REGISTRY_*
 */
export async function pushReferrer(
  registry: Registry,
  subject: Descriptor,
  referral: Referral,
): Promise<string> {
  const referrer = referrerOf(subject, referral);
  for (const blob of referrer.blobs) await registry.uploadBlob(blob);
  const stored = await registry.putManifest(referrer.digest, referrer.manifestBytes);
  if (!stored.isListed) await addToList(registry, subject.digest, entryOf(referrer));
  return referrer.digest;
}

/**
 * What is said of an image.
 *
 * @param artifactType kind of it
 */
export async function findReferrers(
  registry: Registry,
  subjectDigest: string,
  artifactType: string,
): Promise<Descriptor[]> {
  const where = `referrers of ${subjectDigest}`;
  const own = await registry.getReferrers(subjectDigest);
  const listed = own === undefined ? undefined : listOf(own, where);
  // A registry may answer with an empty list of its own and still hold the tag of an older client.
  const list = listed?.length ? listed : await taggedList(registry, subjectDigest);
  return list.filter((entry) => entry.artifactType === artifactType).slice(0, REFERRERS_MAX);
}

/**
 * The content of one referrer, with its digests checked, and only if it speaks of the subject.
 *
 * @param contentMaxBytes more is refused
 * @throws GanglionError E_OCI_MANIFEST, E_OCI_DIGEST
 */
export async function readReferrer(
  registry: Registry,
  entry: Descriptor,
  subjectDigest: string,
  contentMaxBytes: number,
): Promise<Uint8Array> {
  const where = `referrer ${entry.digest}`;
  const { bytes } = await registry.getManifest(entry.digest);
  const manifest = parseManifest(bytes, where);
  if (manifest.subject?.digest !== subjectDigest) {
    throw manifestError(where, `its subject is not ${subjectDigest}`);
  }
  const layer = manifest.layers[0] as Descriptor;
  if (manifest.layers.length !== 1 || layer.size > contentMaxBytes) {
    throw manifestError(where, `is not one layer of at most ${contentMaxBytes} bytes`);
  }
  return registry.getBlob(layer);
}

/** Adds to the list under the tag; what others add in the same moment is not lost. */
async function addToList(registry: Registry, subjectDigest: string, entry: Descriptor) {
  for (let attempt = 0; attempt < LIST_TRIES_MAX; attempt++) {
    const known = await taggedList(registry, subjectDigest);
    if (known.some(({ digest }) => digest === entry.digest)) return;
    const index = { schemaVersion: 2, mediaType: MediaType.index, manifests: [...known, entry] };
    const bytes = new TextEncoder().encode(JSON.stringify(index));
    await registry.putManifest(listTag(subjectDigest), bytes, MediaType.index);
  }
  if ((await taggedList(registry, subjectDigest)).some((one) => one.digest === entry.digest))
    return;
  throw new GanglionError(
    "E_REFERRERS_OVERTAKEN",
    `${listTag(subjectDigest)}: somebody else wrote the list ${LIST_TRIES_MAX} times meanwhile`,
    { hint: "Try again; what was to be listed is stored.", exitCode: ExitCode.failure },
  );
}

async function taggedList(registry: Registry, subjectDigest: string): Promise<Descriptor[]> {
  const tag = listTag(subjectDigest);
  const found = await registry.findManifest(tag, MediaType.index);
  return found === undefined ? [] : listOf(found.bytes, tag);
}

function listTag(digest: string): string {
  return digest.replace(":", "-");
}

/** @throws GanglionError E_OCI_MANIFEST */
function listOf(bytes: Uint8Array, where: string): Descriptor[] {
  const index = parseJson(bytes, where);
  const manifests = isRecord(index) ? index["manifests"] : undefined;
  if (!Array.isArray(manifests)) throw manifestError(where, "manifests is not a list");
  return (manifests as unknown[]).map((entry, at) => {
    checkDescriptor(entry, `${where}, manifests[${at}]`);
    return entry;
  });
}

function entryOf(referrer: OciImage): Descriptor {
  const { artifactType, annotations, mediaType } = referrer.manifest;
  return {
    mediaType,
    digest: referrer.digest,
    size: referrer.manifestBytes.length,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function blobOf(mediaType: string, bytes: Uint8Array): ImageBlob {
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}
