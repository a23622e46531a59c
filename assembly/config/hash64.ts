// Hash of trusted names (routes, arms, limits): the key of what is learnt, so it must be the same
// in every worker and after every configuration. FNV-1a 64 with the final mix of MurmurHash3,
// because FNV alone leaves the high bits of short names nearly equal. Not keyed: whoever writes the
// configuration may as well give two arms one name. Client values go through state/siphash.ts.

const OFFSET_BASIS: u64 = 0xcbf29ce484222325;
const PRIME: u64 = 0x00000100000001b3;

function fold(hash: u64, source: usize, length: i32): u64 {
  for (let i: usize = 0, n = <usize>max<i32>(length, 0); i < n; i++) {
    hash = (hash ^ load<u8>(source + i)) * PRIME;
  }
  return hash;
}

// @ts-ignore: decorator
@inline
function finish(hash: u64): u64 {
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

/** 64-bit hash of `length` bytes; a negative length counts as 0. */
export function hash64(source: usize, length: i32): u64 {
  return finish(fold(OFFSET_BASIS, source, length));
}

/** hash64 of the first text, a zero byte, the second text; neither text may hold a zero byte. */
export function hash64Joined(
  first: usize,
  firstLength: i32,
  second: usize,
  secondLength: i32,
): u64 {
  // Folding in a zero byte is multiplication alone.
  const joined = fold(OFFSET_BASIS, first, firstLength) * PRIME;
  return finish(fold(joined, second, secondLength));
}
