// Independent BigInt twins of the filter's two hashes, written from their definitions.

const MASK = (1n << 64n) - 1n;
const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK;

/** FNV-1a 64, then the final mix of MurmurHash3. */
export function referenceHash64(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & MASK;
  hash = ((hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn) & MASK;
  hash = ((hash ^ (hash >> 33n)) * 0xc4ceb9fe1a85ec53n) & MASK;
  return hash ^ (hash >> 33n);
}

/** SipHash-c-d. */
export function referenceSipHash(
  bytes: Uint8Array,
  k0: bigint,
  k1: bigint,
  rounds: readonly [number, number],
): bigint {
  const v: [bigint, bigint, bigint, bigint] = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const half = (a: 0 | 2, b: 1 | 3, by: bigint): void => {
    v[a] = (v[a] + v[b]) & MASK;
    v[b] = rotate(v[b], by) ^ v[a];
  };
  const mix = (count: number): void => {
    for (let i = 0; i < count; i++) {
      half(0, 1, 13n);
      half(2, 3, 16n);
      v[0] = rotate(v[0], 32n);
      half(0, 3, 21n);
      half(2, 1, 17n);
      v[2] = rotate(v[2], 32n);
    }
  };
  const padded = Buffer.alloc((Math.floor(bytes.length / 8) + 1) * 8);
  padded.set(bytes);
  padded[padded.length - 1] = bytes.length & 0xff;
  for (let at = 0; at < padded.length; at += 8) {
    const word = padded.readBigUInt64LE(at);
    v[3] ^= word;
    mix(rounds[0]);
    v[0] ^= word;
  }
  v[2] ^= 0xffn;
  mix(rounds[1]);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}
