// What a signature of an image says: an in-toto statement whose subject is the manifest's digest and
// whose predicate is cosign's empty one ("this is signed, and no more").

import { isRecord } from "../lib/is-record";

export const STATEMENT_PAYLOAD_TYPE = "application/vnd.in-toto+json";
export const SIGN_PREDICATE_TYPE = "https://sigstore.dev/cosign/sign/v1";
const STATEMENT_TYPE = "https://in-toto.io/Statement/v1";
const ALGORITHM = "sha256";

/** @param digest of the manifest, `sha256:...` */
export function signatureStatement(digest: string): Uint8Array {
  const statement = {
    _type: STATEMENT_TYPE,
    subject: [{ digest: { [ALGORITHM]: digest.slice(ALGORITHM.length + 1) } }],
    predicateType: SIGN_PREDICATE_TYPE,
    predicate: {},
  };
  return new TextEncoder().encode(JSON.stringify(statement));
}

/** Why a statement does not say that the image is signed; undefined when it does. */
export function statementComplaint(payload: Uint8Array, digest: string): string | undefined {
  let statement: unknown;
  try {
    statement = JSON.parse(Buffer.from(payload).toString("utf8"));
  } catch {
    return "its statement is not JSON";
  }
  if (!isRecord(statement) || statement["_type"] !== STATEMENT_TYPE) {
    return `its statement is not ${STATEMENT_TYPE}`;
  }
  if (statement["predicateType"] !== SIGN_PREDICATE_TYPE) {
    return `it says ${JSON.stringify(statement["predicateType"])}, not that the image is signed`;
  }
  const subjects = Array.isArray(statement["subject"]) ? (statement["subject"] as unknown[]) : [];
  const hex = digest.slice(ALGORITHM.length + 1);
  const isMeant = subjects.some(
    (subject) =>
      isRecord(subject) && isRecord(subject["digest"]) && subject["digest"][ALGORITHM] === hex,
  );
  return isMeant ? undefined : "it was made for another image";
}
