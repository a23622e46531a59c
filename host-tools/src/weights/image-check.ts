// Fetches the object's image as a proxy would, before anything new is applied, and gives back the
// module in it: the new configuration is tried on the very bytes that will run it. A mesh with an
// image that cannot be fetched answers 403 to everything; a push must not be what brings that out.

import { randomInt } from "node:crypto";
import { ExitCode, GanglionError } from "../lib/errors";
import { seededPrng } from "../lib/prng";
import { checkPull, parseReference, type RegistryChoices } from "../oci";
import type { LiveFilter } from "./live-filter";

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
  const prng = seededPrng(randomInt(2 ** 31));
  const target = { ...reference, tag: undefined, digest: pinned };
  return (await checkPull(target, undefined, { prng, ...choices })).wasm;
}
