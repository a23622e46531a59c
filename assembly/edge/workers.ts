// The register of the proxy's workers: each claims a number on its first tick and keeps it alive, so
// that metrics can tell workers apart and a dead one is seen. Not at configure time: the canary VM that
// the proxy makes for every new configuration must leave no trace.

import { WORKERS_MAX } from "../contract/limits";
import { randomBytes } from "./host";
import { Shared, createSlot, readSlot, slotVersion, writeSlot } from "./shared";

const OWNER: i32 = 0x77;
/** Identity of the VM, monotonic ns of its last sign of life, checksum. */
const BYTES: i32 = 24;
const VALUE: usize = memory.data(24, 8);
const IDENTITY: usize = memory.data(8, 8);
/** A number whose owner has been silent for this long may be taken over. */
const SILENT_NS: u64 = 30_000_000_000;

let number: i32 = -1;

/** This worker's number, -1 before the first tick. */
export function workerNumber(): i32 {
  return number;
}

function claim(slot: i32, nowNs: u64, seen: Shared): bool {
  const version = slotVersion();
  store<u64>(VALUE, load<u64>(IDENTITY));
  store<u64>(VALUE, nowNs, 8);
  const written =
    seen == Shared.Absent
      ? createSlot(OWNER, slot, VALUE, BYTES)
      : writeSlot(OWNER, slot, VALUE, BYTES, version);
  return written == Shared.Ok;
}

/** Claims a number, or renews it. Called on the tick. */
export function signOfLife(nowNs: u64): void {
  if (load<u64>(IDENTITY) == 0 && !randomBytes(IDENTITY, 8)) store<u64>(IDENTITY, nowNs | 1);
  if (number >= 0) {
    const seen = readSlot(OWNER, number, VALUE, BYTES);
    if (seen == Shared.Ok && load<u64>(VALUE) == load<u64>(IDENTITY)) {
      claim(number, nowNs, seen);
      return;
    }
    number = -1;
  }
  for (let slot = 0; slot < WORKERS_MAX; slot++) {
    const seen = readSlot(OWNER, slot, VALUE, BYTES);
    const silent = seen == Shared.Ok && load<u64>(VALUE, 8) + SILENT_NS < nowNs;
    if (seen != Shared.Absent && seen != Shared.Failed && !silent) continue;
    if (claim(slot, nowNs, seen)) {
      number = slot;
      return;
    }
  }
}
