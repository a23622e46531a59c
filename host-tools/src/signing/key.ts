// Keys of signatures: ECDSA on P-256 in PEM, which is what cosign makes and takes. A private key may
// also be cosign's own encrypted file (encrypted-key.ts). One algorithm, so that neither a file nor
// a bundle can choose a weaker one.

import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { ExitCode, GanglionError } from "../lib/errors";
import { decryptCosignKey, isCosignKey } from "./encrypted-key";

const CURVE = "prime256v1";

/**
 * A private key.
 *
 * @param password of an encrypted one; asked for only then
 * @param where names the file in messages
 * @throws GanglionError E_KEY, E_KEY_PASSWORD
 */
export function privateKey(pem: string, password: string | undefined, where: string): KeyObject {
  if (isCosignKey(pem)) {
    const der = decryptCosignKey(pem, needed(password, where), where);
    return checked(
      () => createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" }),
      where,
    );
  }
  const isEncrypted = /ENCRYPTED/.test(pem);
  const passphrase = isEncrypted ? needed(password, where) : undefined;
  return checked(
    () => createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) }),
    where,
  );
}

/** A public key; of a private one, its public half. @throws GanglionError E_KEY */
export function publicKey(pem: string, where: string): KeyObject {
  if (isCosignKey(pem)) throw keyError(where, "is a private key; give the public one");
  return checked(() => createPublicKey(pem), where);
}

function checked(make: () => KeyObject, where: string): KeyObject {
  let key: KeyObject;
  try {
    key = make();
  } catch (cause) {
    throw keyError(where, "is no key in PEM", cause);
  }
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "ec" && curve === CURVE) return key;
  throw keyError(where, `is ${key.asymmetricKeyType ?? "a key"} ${curve ?? ""}`.trimEnd());
}

function needed(password: string | undefined, where: string): string {
  if (password !== undefined) return password;
  throw new GanglionError("E_KEY_PASSWORD", `${where} is encrypted, and there is no password`, {
    hint: "Set COSIGN_PASSWORD.",
    exitCode: ExitCode.badInput,
  });
}

function keyError(where: string, problem: string, cause?: unknown): GanglionError {
  return new GanglionError("E_KEY", `${where} ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Give an ECDSA key on P-256: `cosign generate-key-pair`, or `openssl ecparam -genkey -name prime256v1`.",
    exitCode: ExitCode.badInput,
  });
}
