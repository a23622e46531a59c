// Reads an image back with every digest checked, into memory and never onto a disk: to prove that
// it can be fetched before an object that names it is applied. A mesh whose image cannot be fetched
// answers 403.

import type { OciImage } from "./image";
import { imageOfManifest } from "./manifest";
import { formatReference, parseReference, type Reference, versionOf } from "./reference";
import { Registry } from "./registry";
import { type RegistryChoices, registryOptions } from "./registry-options";

/**
 * Pulls an image by digest, else by tag.
 *
 * @throws GanglionError E_REFERENCE, E_OCI_DIGEST, E_OCI_MANIFEST, and the registry's E_REGISTRY_*
 */
export async function pullImage(
  target: string | Reference,
  options: RegistryChoices,
): Promise<OciImage> {
  const reference = typeof target === "string" ? parseReference(target) : target;
  const registry = new Registry(reference, registryOptions(reference, "pull", options));
  const pulled = await registry.getManifest(versionOf(reference));
  return imageOfManifest(pulled.bytes, formatReference(reference), (descriptor) =>
    registry.getBlob(descriptor),
  );
}
