// What the workers of the proxy know together of one canary, in shared data: evidence, counts and the kill.
// Found by the hash of route and canary id with a fixed number of probes. Records are never removed and
// never given to another canary: a kill that somebody else's record displaced would be no kill. What is not
// ours (no room, a wrong checksum) reads as nothing, and the next write repairs it.

import { PROBES_MAX } from "../contract/limits";
import { CanaryState } from "../state/canary-state";
import { Shared, createSlot, readSlot, slotVersion, writeSlot } from "./shared";

const OWNER: i32 = 0x63;
/** Hash u64, evidence i32, requests u32, errors u32, killed u32, checksum. */
const BYTES: i32 = 32;
const VALUE: usize = memory.data(32, 8);
const SLOTS: i32 = 65536;

let version: u32 = 0;
let absent: bool = false;

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

/**
 * Reads the record into the state. What is not there, or not ours, leaves the state as it was.
 *
 * @returns whether it was there
 */
export function readCanary(state: CanaryState): bool {
  for (let attempt = 0; attempt < 2; attempt++) {
    if (state.place == 0) state.place = find(state.hash);
    if (state.place == 0) return false;
    const seen = readSlot(OWNER, state.place - 1, VALUE, BYTES);
    version = slotVersion();
    absent = seen == Shared.Absent;
    if (seen == Shared.Ok && load<u64>(VALUE) == state.hash) {
      state.evidenceQ16 = load<i32>(VALUE, 8);
      state.requests = load<u32>(VALUE, 12);
      state.errors = load<u32>(VALUE, 16);
      if (load<u32>(VALUE, 20) != 0) state.killed = 1;
      return true;
    }
    if (seen != Shared.Ok) return false;
    // Another canary took the place in the same moment.
    state.place = 0;
  }
  return false;
}

/** Whether the record that readCanary has just read says that the canary is killed. */
export function recordSaysKilled(): bool {
  return load<u32>(VALUE, 20) != 0;
}

/** Writes the state where nobody was faster since readCanary. */
export function writeCanary(state: CanaryState): Shared {
  if (state.place == 0) return Shared.Failed;
  store<u64>(VALUE, state.hash);
  store<i32>(VALUE, state.evidenceQ16, 8);
  store<u32>(VALUE, state.requests, 12);
  store<u32>(VALUE, state.errors, 16);
  store<u32>(VALUE, <u32>state.killed, 20);
  if (absent) return createSlot(OWNER, state.place - 1, VALUE, BYTES);
  return writeSlot(OWNER, state.place - 1, VALUE, BYTES, version);
}
