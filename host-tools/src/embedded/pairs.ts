// The ABI's serialised header list: count, then (name size, value size) per pair, then the bytes,
// each string followed by a NUL. Reading it is where hostile guests aim, so every bound is checked
// in the host's order and any doubt gives the empty list, as Envoy's host does.

import { MAX_PAIRS_BYTES, MAX_PAIRS_COUNT } from "./abi";
import type { Latin1Cache } from "./latin1";

export interface Pairs {
  readonly names: string[];
  readonly values: string[];
}

/** Size in bytes that `writePairs` fills. */
export function pairsSizeBytes(names: readonly string[], values: readonly string[]): number {
  let size = 4;
  for (let i = 0; i < names.length; i++) size += 10 + names[i]!.length + values[i]!.length;
  return size;
}

/** Serialises into `bytes` at `start`; the room is `pairsSizeBytes` and the caller checks it. */
export function writePairs(
  names: readonly string[],
  values: readonly string[],
  bytes: Uint8Array,
  start: number,
): void {
  let at = writeU32(bytes, start, names.length);
  for (let i = 0; i < names.length; i++) {
    at = writeU32(bytes, at, names[i]!.length);
    at = writeU32(bytes, at, values[i]!.length);
  }
  for (let i = 0; i < names.length; i++) {
    at = writeText(bytes, at, names[i]!);
    at = writeText(bytes, at, values[i]!);
  }
}

/** @returns the pairs, or the empty list for anything malformed or over the host's limits */
export function readPairs(
  bytes: Uint8Array,
  start: number,
  size: number,
  cache: Latin1Cache,
): Pairs {
  const pairs: Pairs = { names: [], values: [] };
  const end = start + size;
  if (size > MAX_PAIRS_BYTES || size < 4) return pairs;
  const count = readU32(bytes, start);
  if (count > MAX_PAIRS_COUNT || start + 4 + count * 8 > end) return pairs;
  let at = start + 4 + count * 8;
  for (let i = 0; i < count; i++) {
    const nameSize = readU32(bytes, start + 4 + i * 8);
    const valueSize = readU32(bytes, start + 8 + i * 8);
    if (at + nameSize + 1 > end || bytes[at + nameSize] !== 0) return { names: [], values: [] };
    pairs.names.push(cache.read(bytes, at, nameSize));
    at += nameSize + 1;
    if (at + valueSize + 1 > end || bytes[at + valueSize] !== 0) return { names: [], values: [] };
    pairs.values.push(cache.read(bytes, at, valueSize));
    at += valueSize + 1;
  }
  return at === end ? pairs : { names: [], values: [] };
}

function readU32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  );
}

function writeU32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}

function writeText(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  bytes[at + text.length] = 0;
  return at + text.length + 1;
}
