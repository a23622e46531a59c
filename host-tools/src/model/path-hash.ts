// The filter's hash of a path (assembly/features/path-hash.ts), written for the host.

const BYTES_MAX = 64;
const MULTIPLIER = 0x9e3779b1;

/** @returns unsigned 32 bits, of the length and the first 64 bytes */
export function pathHash(path: Uint8Array): number {
  let hash = Math.imul(path.length + 1, MULTIPLIER);
  const end = Math.min(path.length, BYTES_MAX);
  const words = end & ~3;
  for (let at = 0; at < words; at += 4) {
    const low = path[at]! | (path[at + 1]! << 8);
    hash = mix(hash, low | (path[at + 2]! << 16) | (path[at + 3]! << 24));
  }
  for (let at = words; at < end; at++) hash = mix(hash, path[at]!);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, MULTIPLIER);
  return mixed ^ (mixed >>> 15);
}
