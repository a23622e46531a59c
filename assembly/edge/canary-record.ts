// What the workers of the proxy know together of one canary, in shared data: evidence, counts and the kill.
// Found by the hash of route and canary id with a fixed number of probes. Records are never removed and
// never given to another canary: a kill that somebody else's record displaced would be no kill. What is not
// ours (no room, a wrong checksum) reads as nothing, and the next write repairs it.

import { PROBES_MAX } from "../contract/limits";
import { Shared, createSlot, readSlot, slotVersion, writeSlot } from "./shared";

const OWNER: i32 = 0x63;
/** Hash u64; evidence, comparison i32; requests, errors, time of the kill u32; above i32; checksum. */
const BYTES: i32 = 40;
const VALUE: usize = memory.data(40, 8);
const SLOTS: i32 = 65536;

let version: u32 = 0;
let absent: bool = false;
let place: i32 = 0;

/** Evidence of the record that was read last, Q16. */
export function recordEvidenceQ16(): i32 {
  return load<i32>(VALUE, 8);
}

/** The same against the stable arm, Q16. */
export function recordComparisonQ16(): i32 {
  return load<i32>(VALUE, 12);
}

/** Against 1 % of errors, Q16. */
export function recordAboveQ16(): i32 {
  return load<i32>(VALUE, 28);
}

export function recordRequests(): u32 {
  return load<u32>(VALUE, 16);
}

export function recordErrors(): u32 {
  return load<u32>(VALUE, 20);
}

/** Seconds since 1970 of the kill, 0 without one. */
export function recordKilledS(): u32 {
  return load<u32>(VALUE, 24);
}

/** Looks for the record's place, or for one that it may take. @returns place + 1, 0 without one */
function find(hash: u64): i32 {
  const home = <i32>(hash & 0xffff);
  let free = 0;
  for (let i = 0; i < PROBES_MAX; i++) {
    const slot = (home + i) & (SLOTS - 1);
    const seen = readSlot(OWNER, slot, VALUE, BYTES);
    if (seen == Shared.Ok && load<u64>(VALUE) == hash) return slot + 1;
    if (seen != Shared.Ok && free == 0) free = slot + 1;
    // Nothing of this canary can stand behind an absent one.
    if (seen == Shared.Absent) break;
  }
  return free;
}

/** Place + 1 of what readRecord looked at last, 0 where it found none: worth remembering. */
export function recordPlace(): i32 {
  return place;
}

/**
 * Reads the record of a canary.
 *
 * @param hash of route and canary
 * @param known what recordPlace said last of this canary, 0 before
 * @returns whether it was there; only then do the record functions say something
 */
export function readRecord(hash: u64, known: i32): bool {
  place = known;
  for (let attempt = 0; attempt < 2; attempt++) {
    if (place == 0) place = find(hash);
    if (place == 0) return false;
    const seen = readSlot(OWNER, place - 1, VALUE, BYTES);
    version = slotVersion();
    absent = seen == Shared.Absent;
    if (seen != Shared.Ok) return false;
    if (load<u64>(VALUE) == hash) return true;
    // Another canary took the place in the same moment.
    place = 0;
  }
  return false;
}

/** Writes the record where nobody was faster since readRecord. */
export function writeRecord(
  hash: u64,
  evidenceQ16: i32,
  comparisonQ16: i32,
  aboveQ16: i32,
  requests: u32,
  errors: u32,
  killedS: u32,
): Shared {
  if (place == 0) return Shared.Failed;
  store<u64>(VALUE, hash);
  store<i32>(VALUE, evidenceQ16, 8);
  store<i32>(VALUE, comparisonQ16, 12);
  store<u32>(VALUE, requests, 16);
  store<u32>(VALUE, errors, 20);
  store<u32>(VALUE, killedS, 24);
  store<i32>(VALUE, aboveQ16, 28);
  if (absent) return createSlot(OWNER, place - 1, VALUE, BYTES);
  return writeSlot(OWNER, place - 1, VALUE, BYTES, version);
}
