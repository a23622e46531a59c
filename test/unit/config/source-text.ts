// Bytes for the specs: a string literal as UTF-8 at a fixed address, and back.

/** Address of the UTF-8 bytes, which stay where they are. */
export function bytesOf(text: string): usize {
  return __pin(changetype<usize>(String.UTF8.encode(text)));
}

/** Number of UTF-8 bytes. */
export function lengthOf(text: string): i32 {
  return String.UTF8.byteLength(text);
}

export function textAt(address: usize, length: i32): string {
  return String.UTF8.decodeUnsafe(address, length);
}
