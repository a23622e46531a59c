// A path as one number, to tell whether the route has seen it lately. Not keyed: nothing is looked up by
// it but 64 tags of one route, and a client that collides on purpose only looks less new.

/** Bytes of the path that count. */
const BYTES_MAX: i32 = 64;
const MULTIPLIER: u32 = 0x9e3779b1;

/**
 * Hash of a path's length and first 64 bytes, four at a time as little-endian words; the rest counts
 * byte by byte.
 */
export function pathHash(path: usize, bytes: i32): u32 {
  const end = path + <usize>min(bytes, BYTES_MAX);
  let hash = (<u32>bytes + 1) * MULTIPLIER;
  for (; path + 4 <= end; path += 4) hash = mix(hash, load<u32>(path));
  for (; path < end; path++) hash = mix(hash, <u32>load<u8>(path));
  return hash ^ (hash >> 15);
}

// @ts-ignore: decorator
@inline
function mix(hash: u32, word: u32): u32 {
  const mixed = (hash ^ word) * MULTIPLIER;
  return mixed ^ (mixed >> 15);
}
