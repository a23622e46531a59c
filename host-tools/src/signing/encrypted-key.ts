// cosign's encrypted private key: PEM around base64 of JSON that names a key derivation (scrypt), a
// cipher (NaCl's secretbox) and their parameters; in it lies PKCS #8 (secure-systems-lab/
// go-securesystemslib, encrypted). The parameters come from the file, so they are bounded before
// they cost memory.

import { scryptSync } from "node:crypto";
import { ExitCode, GanglionError } from "../lib/errors";
import { isRecord } from "../lib/is-record";
import { openSecretbox } from "./secretbox";

const PEM =
  /-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----/;
const KEY_BYTES = 32;
const NONCE_BYTES = 24;
/** Bytes that scrypt may use; cosign's own parameters need 64 MiB. */
const SCRYPT_MAX_BYTES = 512 * 1024 * 1024;

export function isCosignKey(pem: string): boolean {
  return PEM.test(pem);
}

/** @returns PKCS #8, DER @throws GanglionError E_KEY, E_KEY_PASSWORD */
export function decryptCosignKey(pem: string, password: string, where: string): Uint8Array {
  const { kdf, salt, nonce, ciphertext } = partsOf(pem, where);
  const { N, r, p } = kdf;
  const key = scryptSync(password, salt, KEY_BYTES, { N, r, p, maxmem: SCRYPT_MAX_BYTES });
  const opened = openSecretbox(ciphertext, nonce, key);
  if (opened !== undefined) return opened;
  throw new GanglionError("E_KEY_PASSWORD", `${where}: that is not its password`, {
    hint: "Set COSIGN_PASSWORD to the password that the key was made with.",
    exitCode: ExitCode.badInput,
  });
}

interface Parts {
  readonly kdf: { readonly N: number; readonly r: number; readonly p: number };
  readonly salt: Buffer;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
}

function partsOf(pem: string, where: string): Parts {
  let file: unknown;
  try {
    const body = PEM.exec(pem)?.[1] ?? "";
    file = JSON.parse(Buffer.from(body, "base64").toString("utf8"));
  } catch (cause) {
    throw fileError(where, "is damaged", cause);
  }
  const kdf = memberOf(file, "kdf");
  const cipher = memberOf(file, "cipher");
  const params = memberOf(kdf, "params");
  const { N, r, p } = isRecord(params) ? params : {};
  if (memberOf(kdf, "name") !== "scrypt" || memberOf(cipher, "name") !== "nacl/secretbox") {
    throw fileError(where, "is not encrypted by scrypt and nacl/secretbox");
  }
  const isBounded =
    isCount(N, 2 ** 20) && isCount(r, 64) && isCount(p, 16) && (N & (N - 1)) === 0 && N > 1;
  if (!isBounded || 128 * N * r > SCRYPT_MAX_BYTES) {
    throw fileError(where, `asks for scrypt with N ${String(N)}, r ${String(r)}, p ${String(p)}`);
  }
  const nonce = bytesOf(memberOf(cipher, "nonce"));
  if (nonce.length !== NONCE_BYTES) throw fileError(where, "has no nonce of 24 bytes");
  const salt = bytesOf(memberOf(kdf, "salt"));
  return { kdf: { N, r, p }, salt, nonce, ciphertext: bytesOf(memberOf(file, "ciphertext")) };
}

function memberOf(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

function isCount(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max;
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(typeof value === "string" ? value : "", "base64");
}

function fileError(where: string, problem: string, cause?: unknown): GanglionError {
  return new GanglionError("E_KEY", `${where} ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: "Make a key with `cosign generate-key-pair`.",
    exitCode: ExitCode.badInput,
  });
}
