// Base64 of RFC 4648 section 4, strict: padded, no white space, unused bits zero. So each byte
// string has exactly one spelling, and a digest of the spelling is as good as one of the bytes.
// Decoded by table straight into the caller's region; no intermediate string exists.

const BAD: u8 = 0xff;

/** Six-bit value of the characters 0 to 127; BAD where there is none. */
// prettier-ignore
const SEXTETS: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 62, 255, 255, 255, 63,
  52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 255, 255, 255, 255, 255, 255,
  255, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
  15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 255, 255, 255, 255, 255,
  255, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
  41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 255, 255, 255, 255, 255,
]);

/** The largest value means "not base64"; it has bit 7 set, so one OR over a group finds it. */
// @ts-ignore: decorator
@inline
function sextet(address: usize): u32 {
  const byte: u32 = load<u8>(address);
  return byte < 128 ? <u32>load<u8>(SEXTETS + byte) : <u32>BAD;
}

/** Bytes that `length` characters of padded base64 decode to, -1 when the form is none of it. */
export function base64Bytes(source: usize, length: i32): i32 {
  if (length < 0 || (length & 3) != 0) return -1;
  if (length == 0) return 0;
  const last = source + <usize>length - 1;
  if (load<u8>(last) != 0x3d) return (length >> 2) * 3;
  return (length >> 2) * 3 - (load<u8>(last - 1) == 0x3d ? 2 : 1);
}

/**
 * Decodes base64.
 * @returns the number of bytes written to `target`, or -1 - p: the first group at fault starts at
 *   character p (or, with p 0, the length is no multiple of 4 or `capacity` is too small)
 */
export function decodeBase64(source: usize, length: i32, target: usize, capacity: i32): i32 {
  const bytes = base64Bytes(source, length);
  if (bytes < 0 || bytes > capacity) return -1;
  const whole = bytes / 3;
  for (let group = 0; group < whole; group++) {
    const at = source + ((<usize>group) << 2);
    const a = sextet(at);
    const b = sextet(at + 1);
    const c = sextet(at + 2);
    const d = sextet(at + 3);
    if ((a | b | c | d) & 0x80) return -1 - (group << 2);
    const bits = (a << 18) | (b << 12) | (c << 6) | d;
    const to = target + <usize>(group * 3);
    store<u8>(to, bits >> 16);
    store<u8>(to + 1, bits >> 8);
    store<u8>(to + 2, bits);
  }
  const rest = bytes - whole * 3;
  if (rest == 0) return bytes;
  return decodeTail(source + ((<usize>whole) << 2), rest, target + <usize>(whole * 3))
    ? bytes
    : -1 - (whole << 2);
}

/** The last group, with one or two characters of padding. */
function decodeTail(source: usize, rest: i32, target: usize): bool {
  const a = sextet(source);
  const b = sextet(source + 1);
  const c = rest == 2 ? sextet(source + 2) : 0;
  if ((a | b | c) & 0x80) return false;
  const bits = (a << 18) | (b << 12) | (c << 6);
  // Bits that no byte takes must be zero, else several spellings decode to the same bytes.
  if (rest == 2 ? (bits & 0xff) != 0 : (bits & 0xffff) != 0) return false;
  store<u8>(target, bits >> 16);
  if (rest == 2) store<u8>(target + 1, bits >> 8);
  return true;
}
