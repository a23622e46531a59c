// NaCl's secretbox, opened: XSalsa20 with Poly1305 (Bernstein, "Cryptography in NaCl" and "Extending
// the Salsa20 nonce"). Node's crypto has neither, and the one key that needs it is read once per
// signature, so this is written to be read. Only opening: nothing is encrypted here.

import { timingSafeEqual } from "node:crypto";

const TAG_BYTES = 16;
const BLOCK_BYTES = 64;
/** "expand 32-byte k" as little-endian words. */
const SIGMA = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;

/**
 * @param box tag and ciphertext
 * @param nonce 24 bytes
 * @param key 32 bytes
 * @returns undefined where key or box are not the right ones
 */
export function openSecretbox(
  box: Uint8Array,
  nonce: Uint8Array,
  key: Uint8Array,
): Uint8Array | undefined {
  if (box.length < TAG_BYTES) return undefined;
  const ciphertext = box.subarray(TAG_BYTES);
  const stream = xsalsa20(32 + ciphertext.length, nonce, key);
  const tag = poly1305(ciphertext, stream.subarray(0, 32));
  if (!timingSafeEqual(tag, box.subarray(0, TAG_BYTES))) return undefined;
  return ciphertext.map((byte, at) => byte ^ (stream[32 + at] as number));
}

function xsalsa20(lengthBytes: number, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  const subkey = wordsOf(key);
  const inner = wordsOf(nonce.subarray(0, 16));
  const mixed = doubleRounds(stateOf(subkey, inner));
  // HSalsa20: no final addition, and only these words.
  const derived = [0, 5, 10, 15, 6, 7, 8, 9].map((at) => mixed[at] as number);
  const stream = new Uint8Array(Math.ceil(lengthBytes / BLOCK_BYTES) * BLOCK_BYTES);
  const view = new DataView(stream.buffer);
  const [low, high] = wordsOf(nonce.subarray(16, 24)) as [number, number];
  for (let block = 0; block * BLOCK_BYTES < lengthBytes; block++) {
    const state = stateOf(derived, [low, high, block, 0]);
    doubleRounds(state).forEach((word, at) => {
      view.setUint32(block * BLOCK_BYTES + 4 * at, (word + (state[at] as number)) >>> 0, true);
    });
  }
  return stream.subarray(0, lengthBytes);
}

/** The matrix: constants on the diagonal, half a key above, input, half a key below. */
function stateOf(key: readonly number[], input: readonly number[]): number[] {
  const [a, b, c, d] = SIGMA;
  return [a, ...key.slice(0, 4), b, ...input, c, ...key.slice(4, 8), d];
}

/** Twenty rounds of Salsa20, columns and rows in turn. */
function doubleRounds(state: readonly number[]): number[] {
  const x = [...state];
  const quarter = (a: number, b: number, c: number, d: number): void => {
    const mix = (target: number, one: number, other: number, turn: number): void => {
      const sum = ((x[one] as number) + (x[other] as number)) | 0;
      x[target] = (x[target] as number) ^ ((sum << turn) | (sum >>> (32 - turn)));
    };
    mix(b, a, d, 7);
    mix(c, b, a, 9);
    mix(d, c, b, 13);
    mix(a, d, c, 18);
  };
  for (let round = 0; round < 10; round++) {
    quarter(0, 4, 8, 12);
    quarter(5, 9, 13, 1);
    quarter(10, 14, 2, 6);
    quarter(15, 3, 7, 11);
    quarter(0, 1, 2, 3);
    quarter(5, 6, 7, 4);
    quarter(10, 11, 8, 9);
    quarter(15, 12, 13, 14);
  }
  return x.map((word) => word >>> 0);
}

const PRIME = 2n ** 130n - 5n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** @param key 32 bytes, used once */
function poly1305(message: Uint8Array, key: Uint8Array): Uint8Array {
  const r = numberOf(key.subarray(0, 16)) & CLAMP;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const part = message.subarray(at, at + 16);
    sum = ((sum + numberOf(part) + (1n << BigInt(8 * part.length))) * r) % PRIME;
  }
  const tag = (sum + numberOf(key.subarray(16, 32))) & (2n ** 128n - 1n);
  return Uint8Array.from({ length: TAG_BYTES }, (_, at) => Number((tag >> BigInt(8 * at)) & 255n));
}

/** Little-endian. */
function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function wordsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, at) => view.getUint32(4 * at, true));
}
