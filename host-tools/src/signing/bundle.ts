// The file that a signature travels in: a Sigstore bundle v0.3 around a DSSE envelope, with the hint
// of a public key and, since there is no certificate, nothing of a transparency log. What cosign 3
// writes with `--key` and without a log, and reads with `--insecure-ignore-tlog`.

import { createHash, type KeyObject } from "node:crypto";
import { isRecord } from "../lib/is-record";
import type { Envelope } from "./envelope";

export const BUNDLE_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
/** Annotations by which cosign tells bundles apart without reading them. */
export const BUNDLE_CONTENT_ANNOTATION = "dev.sigstore.bundle.content";
export const BUNDLE_PREDICATE_ANNOTATION = "dev.sigstore.bundle.predicateType";
/** Bytes of a bundle that is read. */
export const BUNDLE_MAX_BYTES = 1024 * 1024;
const SIGNATURES_MAX = 8;

/** @param publicKey of the key that signed */
export function bundleOf(envelope: Envelope, publicKey: KeyObject): Uint8Array {
  const der = publicKey.export({ type: "spki", format: "der" });
  const bundle = {
    mediaType: BUNDLE_MEDIA_TYPE,
    verificationMaterial: {
      publicKey: { hint: createHash("sha256").update(der).digest("base64") },
    },
    dsseEnvelope: {
      payload: base64(envelope.payload),
      payloadType: envelope.payloadType,
      signatures: envelope.signatures.map((signature) => ({ sig: base64(signature) })),
    },
  };
  return new TextEncoder().encode(JSON.stringify(bundle));
}

/** The envelope in a bundle that anybody may have written; a text that says why there is none. */
export function envelopeOf(bytes: Uint8Array): Envelope | string {
  let bundle: unknown;
  try {
    bundle = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return "it is not JSON";
  }
  if (!isRecord(bundle) || bundle["mediaType"] !== BUNDLE_MEDIA_TYPE) {
    return `it is no ${BUNDLE_MEDIA_TYPE}`;
  }
  const envelope = bundle["dsseEnvelope"];
  if (!isRecord(envelope)) return "it has no DSSE envelope";
  const { payload, payloadType, signatures } = envelope;
  const listed = Array.isArray(signatures) ? (signatures as unknown[]) : [];
  if (listed.length < 1 || listed.length > SIGNATURES_MAX) {
    return `it has ${listed.length} signatures, not 1 to ${SIGNATURES_MAX}`;
  }
  const made = listed.map((one) => (isRecord(one) ? one["sig"] : undefined));
  if (typeof payload !== "string" || typeof payloadType !== "string" || !made.every(isText)) {
    return "its envelope is incomplete";
  }
  return {
    payloadType,
    payload: Buffer.from(payload, "base64"),
    signatures: made.map((text) => Buffer.from(text, "base64")),
  };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
