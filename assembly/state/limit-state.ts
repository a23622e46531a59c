// Counters of a rate limit; the buckets themselves are in shared data, this worker's leases of them in
// lease-table. Lives as long as the VM, found again by name when a new configuration is applied.

import { LIMITS_MAX } from "../contract/limits";

export const LIMIT_STATES_MAX: i32 = LIMITS_MAX;
export const LIMIT_METRIC_IDS: i32 = 2;

// @ts-ignore: decorator
@unmanaged
@final
export class LimitState {
  /** hash64 of route and limit name; 0 is an empty place. */
  nameHash: u64;
  nameLength: i32;
  /** Index of the route's state. */
  route: i32;
  boundSequence: u32;
  /** Counters not yet flushed. */
  limited: u32;
  admitted: u32;
  limitedId: u32;
  admittedId: u32;
}

const NAME_OFFSET: usize = offsetof<LimitState>();
const STATE_BYTES: usize = (NAME_OFFSET + 64 + 7) & ~7;
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
  let free = -1;
  let freeSequence: u32 = u32.MAX_VALUE;
  for (let i = 0; i < LIMIT_STATES_MAX; i++) {
    const state = limitState(i);
    if (state.nameHash == nameHash) {
      state.boundSequence = sequence;
      state.route = route;
      return i;
    }
    const idle = state.nameHash == 0;
    if (!idle && state.boundSequence >= oldestSequence) continue;
    const age: u32 = idle ? 0 : state.boundSequence;
    if (age < freeSequence) {
      freeSequence = age;
      free = i;
    }
  }
  if (free < 0) return -1;
  used = max(used, free + 1);
  const state = limitState(free);
  memory.fill(changetype<usize>(state), 0, STATE_BYTES);
  state.nameHash = nameHash;
  state.nameLength = min(nameLength, 64);
  state.route = route;
  state.boundSequence = sequence;
  memory.copy(limitName(state), name, <usize>state.nameLength);
  return free;
}
