// DSSE: a payload with its type, signed as one (https://github.com/secure-systems-lab/dsse). What is
// signed is not the payload but its "pre-authentication encoding", so that nobody can pass a payload
// of one type off as one of another.

import { createSign, createVerify, type KeyObject } from "node:crypto";

export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  /** ASN.1 DER, ECDSA over SHA-256. */
  readonly signatures: readonly Uint8Array[];
}

/** @param key ECDSA private key on P-256 */
export function signEnvelope(payloadType: string, payload: Uint8Array, key: KeyObject): Envelope {
  const signature = createSign("sha256").update(encodingOf(payloadType, payload)).sign(key);
  return { payloadType, payload, signatures: [signature] };
}

/** Whether one of the signatures is of this key. */
export function isSignedBy(envelope: Envelope, key: KeyObject): boolean {
  const encoded = encodingOf(envelope.payloadType, envelope.payload);
  return envelope.signatures.some((signature) =>
    createVerify("sha256").update(encoded).verify(key, signature),
  );
}

/** `DSSEv1 LENGTH TYPE LENGTH PAYLOAD`, lengths in bytes. */
export function encodingOf(payloadType: string, payload: Uint8Array): Buffer {
  const type = Buffer.from(payloadType, "utf8");
  const head = `DSSEv1 ${type.length} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head, "utf8"), payload]);
}
