// SipHash (Aumasson, Bernstein 2012): keyed hash of what a client can choose, so that nobody
// without the key can fill one bucket of a table. SipHash-1-3 as in Rust's and Ruby's tables; the
// cheaper FNV of config/hash64.ts is for trusted names only.

// @ts-ignore: decorator
@inline
const FINISH: u64 = 0xff;

/** The last 0 to 7 bytes, little-endian, with the length's low byte on top. */
function lastWord(source: usize, length: i32): u64 {
  const rest = length & 7;
  const at = source + <usize>(length - rest);
  let word = (<u64>length) << 56;
  for (let i = 0; i < rest; i++) {
    word |= (<u64>load<u8>(at + <usize>i)) << ((<u64>i) << 3);
  }
  return word;
}

/**
 * SipHash-c-d of `length` bytes; a negative length counts as 0.
 * @param k0 first eight bytes of the key, little-endian
 * @param k1 last eight bytes of the key
 * @param compressionRounds c, rounds for each eight bytes
 * @param finalRounds d, rounds at the end
 */
// @ts-ignore: decorator
@inline
export function sipHash(
  source: usize,
  length: i32,
  k0: u64,
  k1: u64,
  compressionRounds: i32,
  finalRounds: i32,
): u64 {
  const bytes = max<i32>(length, 0);
  const words = bytes >> 3;
  let v0 = k0 ^ 0x736f6d6570736575;
  let v1 = k1 ^ 0x646f72616e646f6d;
  let v2 = k0 ^ 0x6c7967656e657261;
  let v3 = k1 ^ 0x7465646279746573;
  // One pass more than there are words for the last one, and one for the finish: the rounds are
  // written out once.
  for (let i = 0; i < words + 2; i++) {
    let word: u64 = 0;
    let rounds = compressionRounds;
    if (i < words) {
      word = load<u64>(source + ((<usize>i) << 3));
    } else if (i == words) {
      word = lastWord(source, bytes);
    } else {
      v2 ^= FINISH;
      rounds = finalRounds;
    }
    v3 ^= word;
    for (let round = 0; round < rounds; round++) {
      v0 += v1;
      v2 += v3;
      v1 = rotl<u64>(v1, 13) ^ v0;
      v3 = rotl<u64>(v3, 16) ^ v2;
      v0 = rotl<u64>(v0, 32) + v3;
      v2 += v1;
      v3 = rotl<u64>(v3, 21) ^ v0;
      v1 = rotl<u64>(v1, 17) ^ v2;
      v2 = rotl<u64>(v2, 32);
    }
    v0 ^= word;
  }
  return v0 ^ v1 ^ v2 ^ v3;
}

/** SipHash-1-3: for tables that a client can fill. */
export function sipHash13(source: usize, length: i32, k0: u64, k1: u64): u64 {
  return sipHash(source, length, k0, k1, 1, 3);
}
