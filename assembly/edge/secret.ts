// The key of the hash over client-chosen values, equal in all workers of the proxy, so that they agree
// on the bucket of a tenant, and unknown outside, so that nobody can choose tenants that collide.

import { randomBytes } from "./host";
import { Shared, createSlot, readSlot } from "./shared";

const OWNER: i32 = 0x73;
const VALUE: usize = memory.data(24, 8);
const BYTES: i32 = 24;

let known: bool = false;

/** First half of the key. */
export function secretLow(): u64 {
  return load<u64>(VALUE);
}

/** Second half of the key. */
export function secretHigh(): u64 {
  return load<u64>(VALUE, 8);
}

/** Learns or makes the key; cheap once it is known. False when shared data does not work. */
export function ensureSecret(): bool {
  if (known) return true;
  let seen = readSlot(OWNER, 0, VALUE, BYTES);
  if (seen == Shared.Absent) {
    if (!randomBytes(VALUE, 16)) return false;
    createSlot(OWNER, 0, VALUE, BYTES);
    // Whoever was first wins; everybody reads what is there now.
    seen = readSlot(OWNER, 0, VALUE, BYTES);
  }
  known = seen == Shared.Ok;
  return known;
}
