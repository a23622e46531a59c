// Token buckets of the whole proxy, in shared data: one slot holds whose it is and its theoretical
// arrival time (GCRA). Slots are found by a keyed hash with a fixed number of probes. A bucket whose
// arrival time has passed is full, and forgetting a full bucket loses nothing: only such slots are given
// to somebody else, so a flood of new keys can never take away what a tenant has used.

import { BUCKETS_MAX, PROBES_MAX } from "../contract/limits";
import { Shared, createSlot, readSlot, slotVersion, writeSlot } from "./shared";

const OWNER: i32 = 0x62;
/** Fingerprint, arrival time in ns, time of writing in ns, checksum. */
const BYTES: i32 = 32;
const VALUE: usize = memory.data(32, 8);
/** Overflow buckets, one for each of 256 classes of limits, stand after the others. */
const OVERFLOW_FIRST: i32 = BUCKETS_MAX;

/** Every place among the key's probes is in use. */
export const BUCKET_FULL: i32 = -1;
/** Shared data does not work. */
export const BUCKET_FAILED: i32 = -2;
/** Another worker took the place in the same moment; look again. */
export const BUCKET_RACED: i32 = -3;

let version: u32 = 0;

/** Theoretical arrival time in ns that readBucket saw. */
export function bucketArrivalNs(): u64 {
  return load<u64>(VALUE, 8);
}

/** Monotonic ns at which that was written. */
export function bucketWrittenNs(): u64 {
  return load<u64>(VALUE, 16);
}

/** @returns the slot for overflowing keys of one limit */
export function overflowSlot(limitHash: u64): i32 {
  return OVERFLOW_FIRST + <i32>(limitHash & 255);
}

/**
 * Finds or takes the slot of a key.
 *
 * @returns the slot, or one of BUCKET_*
 */
export function findBucket(fingerprint: u64, nowNs: u64): i32 {
  const home = <i32>(fingerprint & (<u64>(BUCKETS_MAX - 1)));
  let idle = -1;
  let idleVersion: u32 = 0;
  let absent = -1;
  for (let i = 0; i < PROBES_MAX; i++) {
    const slot = (home + i) & (BUCKETS_MAX - 1);
    const seen = readSlot(OWNER, slot, VALUE, BYTES);
    if (seen == Shared.Absent) {
      // Slots are never removed, so nothing of this key can stand behind an absent one.
      absent = slot;
      break;
    }
    if (seen == Shared.Ok && load<u64>(VALUE) == fingerprint) return slot;
    const free = seen == Shared.Failed || load<u64>(VALUE, 8) <= nowNs;
    if (free && idle < 0) {
      idle = slot;
      idleVersion = slotVersion();
    }
  }
  if (idle < 0 && absent < 0) return BUCKET_FULL;
  store<u64>(VALUE, fingerprint);
  store<u64>(VALUE, 0, 8);
  store<u64>(VALUE, 0, 16);
  const written =
    idle >= 0
      ? writeSlot(OWNER, idle, VALUE, BYTES, idleVersion)
      : createSlot(OWNER, absent, VALUE, BYTES);
  if (written == Shared.Ok) return idle >= 0 ? idle : absent;
  return written == Shared.Raced ? BUCKET_RACED : BUCKET_FAILED;
}

/**
 * Reads a bucket before it is changed.
 *
 * @param fingerprint 0 for an overflow slot, which belongs to everybody
 * @returns Absent also when somebody else has taken the slot over
 */
export function readBucket(slot: i32, fingerprint: u64): Shared {
  const seen = readSlot(OWNER, slot, VALUE, BYTES);
  version = slotVersion();
  if (seen == Shared.Ok && load<u64>(VALUE) != fingerprint) return Shared.Absent;
  return seen;
}

/** Writes the arrival time if nobody was faster since readBucket. */
export function writeBucket(slot: i32, fingerprint: u64, arrivalNs: u64, nowNs: u64): Shared {
  store<u64>(VALUE, fingerprint);
  store<u64>(VALUE, arrivalNs, 8);
  store<u64>(VALUE, nowNs, 16);
  return writeSlot(OWNER, slot, VALUE, BYTES, version);
}

/** Makes an overflow bucket that does not exist yet. */
export function createBucket(slot: i32): Shared {
  memory.fill(VALUE, 0, <usize>BYTES);
  return createSlot(OWNER, slot, VALUE, BYTES);
}
