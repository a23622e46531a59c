// Shared data: the one memory that all workers of the proxy see. Istio gives all plugins of a proxy
// one key space, so every key of ours starts with the same prefix, holds no client bytes, and every
// value carries a checksum: what somebody else wrote there is refused, not believed.
//
// Owners: `s` secret of the keyed hash (this file), `w` worker register (edge/workers),
// `b` rate-limit buckets (edge/bucket), `c` canaries (edge/canary-record).

import { STATUS_CAS_MISMATCH, STATUS_NOT_FOUND, STATUS_OK } from "./host";
import { readShared, resultBytes, resultCas, resultPtr, writeShared } from "./host";

/** A version no key reaches: writing with it succeeds only where the key does not exist yet. */
const CAS_ABSENT: u32 = 0xffffffff;

const PREFIX: string = "ganglion/1/";
const KEY: usize = memory.data(32, 8);
const PREFIX_BYTES: i32 = PREFIX.length;

for (let i = 0; i < PREFIX.length; i++) store<u8>(KEY + <usize>i, <u8>PREFIX.charCodeAt(i));

/** Outcome of a shared-data call. */
export enum Shared {
  Ok = 0,
  Absent = 1,
  /** Another worker was faster; read again. */
  Raced = 2,
  /** The host refused, or the value is not ours. */
  Failed = 3,
}

function buildKey(owner: i32, slot: i32): i32 {
  store<u8>(KEY + <usize>PREFIX_BYTES, <u8>owner);
  let at = PREFIX_BYTES + 1;
  for (let shift = 12; shift >= 0; shift -= 4) {
    const digit = (slot >> shift) & 15;
    store<u8>(KEY + <usize>at, <u8>(digit < 10 ? 48 + digit : 87 + digit));
    at++;
  }
  return at;
}

/** Mixes a value's words; the last word is the checksum's own place. */
function checksum(value: usize, bytes: i32): u64 {
  let sum: u64 = 0x9e3779b97f4a7c15;
  for (let i = 0; i + 8 < bytes; i += 8) {
    sum = (sum ^ load<u64>(value + <usize>i)) * 0xff51afd7ed558ccd;
    sum ^= sum >> 32;
  }
  return sum;
}

/**
 * Reads one value into target.
 *
 * @param owner the owner's letter
 * @param slot in [0, 65535]
 * @param bytes size of the value, a multiple of 8, checksum included
 */
export function readSlot(owner: i32, slot: i32, target: usize, bytes: i32): Shared {
  const status = readShared(KEY, buildKey(owner, slot));
  if (status == STATUS_NOT_FOUND) return Shared.Absent;
  if (status != STATUS_OK || resultPtr() == 0) return Shared.Failed;
  if (resultBytes() != bytes) return Shared.Failed;
  memory.copy(target, resultPtr(), <usize>bytes);
  if (load<u64>(target + <usize>(bytes - 8)) != checksum(target, bytes)) return Shared.Failed;
  return Shared.Ok;
}

/** Version of what readSlot saw, for writeSlot; valid until the next host call that returns data. */
export function slotVersion(): u32 {
  return resultCas();
}

function write(owner: i32, slot: i32, value: usize, bytes: i32, cas: u32): Shared {
  store<u64>(value + <usize>(bytes - 8), checksum(value, bytes));
  const status = writeShared(KEY, buildKey(owner, slot), value, bytes, cas);
  if (status == STATUS_OK) return Shared.Ok;
  return status == STATUS_CAS_MISMATCH ? Shared.Raced : Shared.Failed;
}

/** Writes where the version is still the one given (0: whatever is there). Fills in the checksum. */
export function writeSlot(owner: i32, slot: i32, value: usize, bytes: i32, cas: u32): Shared {
  return write(owner, slot, value, bytes, cas);
}

/** Writes only where nothing is yet. */
export function createSlot(owner: i32, slot: i32, value: usize, bytes: i32): Shared {
  return write(owner, slot, value, bytes, CAS_ABSENT);
}
