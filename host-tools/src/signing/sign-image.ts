// Signs an image that is in a registry, and checks such signatures, as cosign does with a key: a
// bundle beside the image, listed among its referrers. Without a transparency log: nothing about
// what is signed leaves the registry, and whoever has the public key can check it for good.

import { createPublicKey, type KeyObject } from "node:crypto";
import { ExitCode, GanglionError } from "../lib/errors";
import {
  findReferrers,
  formatReference,
  parseReference,
  pullImage,
  pushReferrer,
  readReferrer,
  type Reference,
  Registry,
  type RegistryChoices,
} from "../oci";
import { registryOptions } from "../oci/registry-options";
import { versionOf } from "../oci/reference";
import { Annotation } from "../oci/media-types";
import {
  BUNDLE_CONTENT_ANNOTATION,
  BUNDLE_MAX_BYTES,
  BUNDLE_MEDIA_TYPE,
  BUNDLE_PREDICATE_ANNOTATION,
  bundleOf,
  envelopeOf,
} from "./bundle";
import { isSignedBy, signEnvelope } from "./envelope";
import {
  SIGN_PREDICATE_TYPE,
  signatureStatement,
  STATEMENT_PAYLOAD_TYPE,
  statementComplaint,
} from "./statement";

export interface SignedImage {
  /** Pinned. */
  readonly reference: string;
  /** Of the image's manifest. */
  readonly digest: string;
  /** Of the manifest that holds the signature. */
  readonly signature: string;
}

/**
 * Signs an image by the digest of its manifest.
 *
 * @param created RFC 3339, for the annotation; undefined leaves it out
 * @throws GanglionError E_REGISTRY_*, E_OCI_*
 */
export async function signImage(
  target: string,
  key: KeyObject,
  choices: RegistryChoices,
  created?: string,
): Promise<SignedImage> {
  const reference = parseReference(target);
  const registry = new Registry(reference, registryOptions(reference, "push", choices));
  const { bytes, digest, mediaType } = await registry.getManifest(versionOf(reference));
  const envelope = signEnvelope(STATEMENT_PAYLOAD_TYPE, signatureStatement(digest), key);
  const signature = await pushReferrer(
    registry,
    { mediaType, digest, size: bytes.length },
    {
      artifactType: BUNDLE_MEDIA_TYPE,
      mediaType: BUNDLE_MEDIA_TYPE,
      content: bundleOf(envelope, createPublicKey(key)),
      annotations: {
        [BUNDLE_CONTENT_ANNOTATION]: "dsse-envelope",
        [BUNDLE_PREDICATE_ANNOTATION]: SIGN_PREDICATE_TYPE,
        ...(created === undefined ? {} : { [Annotation.created]: created }),
      },
    },
  );
  return { reference: pinned(reference, digest), digest, signature };
}

/**
 * Checks that an image is signed by the key, and that what the registry holds is what was signed.
 *
 * @returns the pinned reference of what was checked
 * @throws GanglionError E_SIGNATURE_MISSING, E_SIGNATURE_INVALID, E_REGISTRY_*, E_OCI_*
 */
export async function verifyImage(
  target: string,
  key: KeyObject,
  choices: RegistryChoices,
): Promise<string> {
  const reference = parseReference(target);
  const registry = new Registry(reference, registryOptions(reference, "pull", choices));
  const { digest } = await registry.getManifest(versionOf(reference));
  const shown = pinned(reference, digest);
  const entries = await findReferrers(registry, digest, BUNDLE_MEDIA_TYPE);
  if (entries.length === 0) {
    throw new GanglionError("E_SIGNATURE_MISSING", `${shown} has no signature`, {
      hint: "Sign it with `ganglion image sign`, or do not use it.",
      exitCode: ExitCode.findings,
    });
  }
  const complaints: string[] = [];
  for (const entry of entries) {
    const bundle = await readReferrer(registry, entry, digest, BUNDLE_MAX_BYTES);
    const complaint = bundleComplaint(bundle, digest, key);
    if (complaint === undefined) {
      await pullImage({ ...reference, tag: undefined, digest }, choices);
      return shown;
    }
    complaints.push(`${entry.digest}: ${complaint}`);
  }
  throw new GanglionError(
    "E_SIGNATURE_INVALID",
    [`${shown} is not signed by that key:`, ...complaints.map((line) => `  ${line}`)].join("\n"),
    {
      hint: "Check that it is the right key; else the image is not who it says it is from.",
      exitCode: ExitCode.findings,
    },
  );
}

/** Why a bundle does not show that the key signed the image; undefined when it does. */
export function bundleComplaint(
  bundle: Uint8Array,
  digest: string,
  key: KeyObject,
): string | undefined {
  const envelope = envelopeOf(bundle);
  if (typeof envelope === "string") return envelope;
  if (envelope.payloadType !== STATEMENT_PAYLOAD_TYPE) {
    return `its payload is ${JSON.stringify(envelope.payloadType)}`;
  }
  if (!isSignedBy(envelope, key)) return "another key made it, or it was altered";
  return statementComplaint(envelope.payload, digest);
}

function pinned(reference: Reference, digest: string): string {
  return formatReference({ ...reference, tag: undefined, digest });
}
