// Splits a target (path and query) into fields and normalises their bytes, by the rule at the head
// of contract/content-artifact.ts. Fields are scored apart and not the target as one text, because
// an attack sits in one value and the harmless rest of a long URL would dilute it. The result lies
// in static memory until the next call.

import { CONTENT_BYTES_MAX, CONTENT_HEAD_BYTES } from "../contract/content-artifact";

/** Normalised bytes of all fields, one after the other. */
const TEXT: usize = memory.data(CONTENT_BYTES_MAX, 16);
/** u16 for each byte of TEXT: where it began in the target. */
const ORIGIN: usize = memory.data(2 * CONTENT_BYTES_MAX, 16);
/** u16 for each field: where it ends in TEXT. Empty fields are left out. */
const ENDS: usize = memory.data(2 * CONTENT_BYTES_MAX, 16);

/**
 * What each byte of a field becomes; 0 for those that may mean something else: the delimiters
 * / ? & =, the escapes % +, and the byte 0 itself.
 */
// prettier-ignore
const FOLDED: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
  32, 33, 34, 35, 36, 0, 0, 39, 40, 41, 42, 0, 44, 45, 46, 0,
  48, 48, 48, 48, 48, 48, 48, 48, 48, 48, 58, 59, 60, 0, 62, 0,
  64, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
  112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 91, 92, 93, 94, 95,
  96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
  112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127,
  128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143,
  144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159,
  160, 161, 162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175,
  176, 177, 178, 179, 180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191,
  192, 193, 194, 195, 196, 197, 198, 199, 200, 201, 202, 203, 204, 205, 206, 207,
  208, 209, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219, 220, 221, 222, 223,
  224, 225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239,
  240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255,
]);

/** Where in a target the reader is. */
enum Part {
  Path,
  Key,
  Value,
}

/**
 * Reads a target.
 *
 * @param bytes its length, any; of a long one head and tail are read
 * @returns how many fields it has, at most CONTENT_BYTES_MAX
 */
export function splitTarget(ptr: usize, bytes: i32): i32 {
  const long = bytes > CONTENT_BYTES_MAX;
  let part = Part.Path;
  let at = 0;
  let end = long ? CONTENT_HEAD_BYTES : bytes;
  let length = 0;
  let fields = 0;
  let begun = 0;
  while (at < bytes) {
    if (at >= end) {
      // From the head to the tail: what lies between is not looked at, so no field spans it.
      if (length > begun) fields = endField(fields, length);
      begun = length;
      at = bytes - (CONTENT_BYTES_MAX - CONTENT_HEAD_BYTES);
      end = bytes;
    }
    const origin = at;
    let byte = <i32>load<u8>(ptr + at++);
    let folded = <i32>load<u8>(FOLDED + byte);
    if (folded == 0) {
      const next = partAfter(part, byte);
      if (next >= 0) {
        if (length > begun) fields = endField(fields, length);
        begun = length;
        part = next;
        if (byte != 0x2f) continue;
      } else if (byte == 0x2b && part != Part.Path) {
        byte = 0x20;
      } else if (byte == 0x25) {
        const decoded = escaped(ptr, at, end);
        if (decoded >= 0) {
          byte = decoded;
          at += 2;
        }
      }
      folded = foldedMeaning(byte);
    }
    store<u8>(TEXT + length, folded);
    store<u16>(ORIGIN + ((<usize>length) << 1), origin);
    length++;
  }
  return length > begun ? endField(fields, length) : fields;
}

/** @returns the part that the byte begins, -1 when it belongs to the field at hand */
// @ts-ignore: decorator
@inline
function partAfter(part: i32, byte: i32): i32 {
  if (part == Part.Path) {
    if (byte == 0x2f) return Part.Path;
    return byte == 0x3f ? Part.Key : -1;
  }
  if (byte == 0x26) return Part.Key;
  return byte == 0x3d && part == Part.Key ? Part.Value : -1;
}

/** @returns byte of the two hexadecimal digits, -1 when they are none or end too early */
function escaped(ptr: usize, at: i32, end: i32): i32 {
  if (at + 2 > end) return -1;
  const high = hexadecimal(load<u8>(ptr + at));
  const low = hexadecimal(load<u8>(ptr + at, 1));
  return (high | low) < 0 ? -1 : (high << 4) | low;
}

// @ts-ignore: decorator
@inline
function hexadecimal(byte: i32): i32 {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Folds a byte that means itself, delimiters included. */
// @ts-ignore: decorator
@inline
function foldedMeaning(byte: i32): i32 {
  const folded = <i32>load<u8>(FOLDED + byte);
  return folded == 0 ? byte : folded;
}

function endField(fields: i32, length: i32): i32 {
  store<u16>(ENDS + ((<usize>fields) << 1), length);
  return fields + 1;
}

/** Where the last target's normalised bytes lie. */
export function fieldText(): usize {
  return TEXT;
}

/** Where a field of the last target begins in fieldText. */
export function fieldBegin(field: i32): i32 {
  return field == 0 ? 0 : fieldEnd(field - 1);
}

/** Where it ends. */
export function fieldEnd(field: i32): i32 {
  return load<u16>(ENDS + ((<usize>field) << 1));
}

/** Offset in the target of the byte (or escape) that a normalised byte came from. */
export function originOf(at: i32): i32 {
  return load<u16>(ORIGIN + ((<usize>at) << 1));
}
