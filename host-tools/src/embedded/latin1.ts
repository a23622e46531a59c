// Header names, values, keys and metric names are bytes, not text. They travel through the host as
// strings with one character per byte (as node:http does), because UTF-8 would change bytes that a
// hostile client may send.

import { GanglionError } from "../lib/errors";

const SLOTS = 2_048;
const LONGEST_KEPT = 96;

interface Latin1Reader {
  latin1Slice(start: number, end: number): string;
}
const latin1Slice = (Buffer.prototype as unknown as Latin1Reader).latin1Slice;

/** @returns the bytes of a one-character-per-byte string; a character above 255 is an error */
export function latin1Bytes(text: string, what: string): Uint8Array {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0xff) {
      throw new GanglionError(
        "E_EMBEDDED_BYTES",
        `${what} has the character U+${text.charCodeAt(i).toString(16)} at ${i}, above U+00FF`,
        { hint: 'Encode it first, for example Buffer.from(text, "utf8").toString("latin1").' },
      );
    }
  }
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** ASCII lower case only, as Envoy's LowerCaseString; the same string when nothing changes. */
export function asciiLowerCase(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x41 && code <= 0x5a) {
      return text.replace(/[A-Z]+/g, (part) => part.toLowerCase());
    }
  }
  return text;
}

/**
 * Reads strings out of guest memory. A direct-mapped table of the strings seen before makes the
 * usual case (the same header names and keys on every request) one hash and one compare, with no
 * allocation and no call into the engine.
 */
export class Latin1Cache {
  private readonly texts: string[] = new Array<string>(SLOTS).fill("");

  read(bytes: Uint8Array, start: number, size: number): string {
    if (size === 0) return "";
    if (size > LONGEST_KEPT) return latin1Slice.call(bytes, start, start + size);
    let hash = size;
    for (let i = 0; i < size; i++) hash = (Math.imul(hash, 31) + bytes[start + i]!) | 0;
    const slot = (hash ^ (hash >>> 11)) & (SLOTS - 1);
    const known = this.texts[slot]!;
    if (known.length === size) {
      let i = 0;
      while (i < size && known.charCodeAt(i) === bytes[start + i]) i++;
      if (i === size) return known;
    }
    const text = latin1Slice.call(bytes, start, start + size);
    this.texts[slot] = text;
    return text;
  }
}
