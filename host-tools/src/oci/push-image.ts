// Pushes an image so that no reader can ever meet half of it: blobs, then the manifest under its
// digest, then the tag. Whatever fails on the way, the tag still names the image it named before,
// and pushing again sends only what is missing.

import { ExitCode, GanglionError } from "../lib/errors";
import { distinctBlobs, type OciImage } from "./image";
import { formatReference, parseReference, type Reference, versionOf } from "./reference";
import { Registry } from "./registry";
import { type RegistryChoices, registryOptions } from "./registry-options";

export type PushOptions = RegistryChoices & {
  /** Told of each step, in a form for people. */
  readonly onStep?: (step: string) => void;
};

export interface PushedImage {
  /** `oci://host/repository@sha256:...`: pinned, what a WasmPlugin's url should be. */
  readonly reference: string;
  /** Of the manifest. */
  readonly digest: string;
  /** Of manifest and blobs together. */
  readonly sizeBytes: number;
  /** The tag that was written; undefined for a push by digest. */
  readonly tag: string | undefined;
  /** Blobs that the registry did not have. */
  readonly blobsSent: number;
}

/**
 * Pushes an image and reads its manifest back.
 *
 * @param target with a tag, a digest (which must be the image's), or both
 * @throws GanglionError E_REFERENCE, E_PUSH_DIGEST, E_PUSH_OVERTAKEN, E_OCI_DIGEST, E_REGISTRY_*
 */
export async function pushImage(
  image: OciImage,
  target: string | Reference,
  options: PushOptions,
): Promise<PushedImage> {
  const reference = typeof target === "string" ? parseReference(target) : target;
  checkTarget(image, reference);
  const registry = new Registry(reference, registryOptions(reference, "push", options));
  const say = options.onStep ?? (() => undefined);

  let blobsSent = 0;
  for (const blob of distinctBlobs(image.blobs)) {
    const sent = await registry.uploadBlob(blob);
    if (sent) blobsSent++;
    say(`blob ${blob.descriptor.digest} ${sent ? "sent" : "already there"}`);
  }
  await registry.putManifest(image.digest, image.manifestBytes, image.manifest.mediaType);
  await registry.getManifest(image.digest);
  say(`manifest ${image.digest} stored`);
  if (reference.tag !== undefined) {
    await registry.putManifest(reference.tag, image.manifestBytes, image.manifest.mediaType);
    await checkTag(registry, reference.tag, image.digest, reference);
    say(`tag ${reference.tag} set`);
  }
  const pinned = { ...reference, tag: undefined, digest: image.digest };
  return {
    reference: formatReference(pinned),
    digest: image.digest,
    sizeBytes: image.sizeBytes,
    tag: reference.tag,
    blobsSent,
  };
}

function checkTarget(image: OciImage, reference: Reference): void {
  versionOf(reference);
  if (reference.digest !== undefined && reference.digest !== image.digest) {
    throw new GanglionError(
      "E_PUSH_DIGEST",
      `the reference asks for ${reference.digest}, the image is ${image.digest}`,
      {
        hint: "Leave the digest out, or build the image that it was taken from.",
        exitCode: ExitCode.badInput,
      },
    );
  }
}

async function checkTag(
  registry: Registry,
  tag: string,
  digest: string,
  reference: Reference,
): Promise<void> {
  const found = await registry.getManifest(tag);
  if (found.digest === digest) return;
  throw new GanglionError(
    "E_PUSH_OVERTAKEN",
    `${formatReference(reference)}: the tag was set to ${digest}, now it is ${found.digest}`,
    {
      hint: "Somebody else pushes the same tag; pin the digest, which is stored.",
    },
  );
}
