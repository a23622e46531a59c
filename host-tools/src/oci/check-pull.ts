// Whether a proxy could fetch an image, found out before an object that names it is applied: a mesh
// with an image that cannot be fetched answers 403 to everything. Fetches it as istio-agent does,
// checks every digest, finds the module, and says whether it is the one that this tool knows.

import { GanglionError } from "../lib/errors";
import { digestOf } from "./digest";
import type { ImageForm } from "./image";
import { moduleOfImage } from "./image-module";
import { pullImage } from "./pull-image";
import { formatReference, parseReference, type Reference } from "./reference";
import type { RegistryChoices } from "./registry-options";

export interface PullCheck {
  /** `oci://host/repository@sha256:...`. */
  readonly reference: string;
  /** Of the manifest. */
  readonly digest: string;
  readonly form: ImageForm;
  /** The module's bytes. */
  readonly wasm: Uint8Array;
  /** Whether they are those of `expected`; undefined without one. */
  readonly isExpected: boolean | undefined;
}

/**
 * Pulls an image and finds its module.
 *
 * @param expected the module that ought to be in it, e.g. the one that this tool came with
 * @throws GanglionError E_IMAGE_FETCH, E_IMAGE_CONTENT, E_REFERENCE
 */
export async function checkPull(
  target: string | Reference,
  expected: Uint8Array | undefined,
  choices: RegistryChoices,
): Promise<PullCheck> {
  const reference = typeof target === "string" ? parseReference(target) : target;
  const shown = formatReference(reference);
  const image = await pullImage(reference, choices).catch((cause: unknown) => {
    const known = cause instanceof GanglionError ? cause : undefined;
    throw new GanglionError(
      "E_IMAGE_FETCH",
      `the image ${shown} cannot be fetched: ${(cause as Error).message}`,
      {
        cause,
        hint: `A proxy could not fetch it either. ${known?.hint ?? ""}`.trim(),
      },
    );
  });
  const { form, wasm } = moduleOfImage(image, shown);
  return {
    reference: formatReference({ ...reference, tag: undefined, digest: image.digest }),
    digest: image.digest,
    form,
    wasm,
    isExpected: expected === undefined ? undefined : digestOf(wasm) === digestOf(expected),
  };
}
