// Counters of a rate limit; the buckets themselves are in shared data, this worker's leases of them in
// lease-table. Lives as long as the VM, found again by name when a new configuration is applied.

import { LIMITS_MAX } from "../contract/limits";
import { Named, NAME_BYTES, findPlace, takePlace } from "./named-place";

export const LIMIT_STATES_MAX: i32 = LIMITS_MAX;
export const LIMIT_METRIC_IDS: i32 = 2;

// @ts-ignore: decorator
@unmanaged
@final
export class LimitState extends Named {
  /** Index of the route's state. */
  route: i32;
  /** Counters not yet flushed. */
  limited: u32;
  admitted: u32;
  limitedId: u32;
  admittedId: u32;
}

const NAME_OFFSET: usize = offsetof<LimitState>();
const STATE_BYTES: usize = (NAME_OFFSET + NAME_BYTES + 7) & ~7;
const TABLE: usize = memory.data(28672, 16);
if (STATE_BYTES * <usize>LIMIT_STATES_MAX > 28672) ERROR("TABLE is too small for the limit states");

/** @param index in [0, LIMIT_STATES_MAX) */
// @ts-ignore: decorator
@inline
export function limitState(index: i32): LimitState {
  return changetype<LimitState>(TABLE + <usize>index * STATE_BYTES);
}

// @ts-ignore: decorator
@inline
export function limitName(state: LimitState): usize {
  return changetype<usize>(state) + NAME_OFFSET;
}

let used: i32 = 0;

/** Places from here on have never been used. */
export function limitStatesUsed(): i32 {
  return used;
}

/**
 * Finds the state of a limit or makes one.
 *
 * @returns the index, -1 when every place is in use
 */
export function bindLimit(
  nameHash: u64,
  name: usize,
  nameLength: i32,
  route: i32,
  sequence: u32,
  oldestSequence: u32,
): i32 {
  const free = findPlace(TABLE, STATE_BYTES, LIMIT_STATES_MAX, nameHash, oldestSequence);
  if (free < 0) return -1;
  used = max(used, free + 1);
  const state = limitState(free);
  takePlace(state, STATE_BYTES, NAME_OFFSET, nameHash, name, nameLength, sequence);
  state.route = route;
  return free;
}
