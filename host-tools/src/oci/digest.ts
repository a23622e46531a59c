// Content digests, the only names in OCI that cannot be moved. Only sha256 is spoken: it is the one
// algorithm every registry and Istio take, and a second one would mean two names for the same
// bytes.

import { createHash } from "node:crypto";
import { GanglionError } from "../lib/errors";

const DIGEST_PATTERN = /^sha256:[0-9a-f]{64}$/;

/** `sha256:` and 64 lower-case hexadecimal digits. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Whether the text is a digest in the one form that this tool writes and reads. */
export function isDigest(text: string): boolean {
  return DIGEST_PATTERN.test(text);
}

/**
 * The bytes, once they are known to be the ones that were asked for.
 *
 * @param what names the content in the message, e.g. `blob of localhost:5000/ganglion`
 * @throws GanglionError E_OCI_DIGEST
 */
export function verifyDigest(bytes: Uint8Array, expected: string, what: string): Uint8Array {
  const actual = digestOf(bytes);
  if (actual === expected) return bytes;
  throw new GanglionError(
    "E_OCI_DIGEST",
    `${what}: expected ${expected}, got ${actual} (${bytes.length} bytes)`,
    { hint: "The content was cut short or altered on the way; do not use it. Push it again." },
  );
}
