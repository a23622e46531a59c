// Finds learnt state by name, for routes, arms and limits alike: the place that has the name, else one that
// may be given away. Only when a configuration is applied; the request path has indexes.

/** What every such state starts with. */
// @ts-ignore: decorator
@unmanaged
export class Named {
  /** hash64 of the full name; 0 is an empty place. */
  nameHash: u64;
  nameLength: i32;
  /** Requests in flight that refer to the place by index: it must not be given away. */
  inFlight: i32;
  /** Number of the generation that referred to it last. */
  boundSequence: u32;
}

/** Bytes kept of a name, behind the struct that starts with Named. */
export const NAME_BYTES: usize = 64;

/**
 * @param table first of count states, stride bytes apart
 * @param oldestSequence still in force; states bound before it may go
 * @returns index of the place with this name, else of the one unused for longest, -1 when all are in use
 */
export function findPlace(
  table: usize,
  stride: usize,
  count: i32,
  nameHash: u64,
  oldestSequence: u32,
): i32 {
  let free = -1;
  let freeSequence: u32 = u32.MAX_VALUE;
  for (let i = 0; i < count; i++) {
    const state = changetype<Named>(table + <usize>i * stride);
    if (state.nameHash == nameHash) return i;
    const idle = state.nameHash == 0;
    if (!idle && (state.boundSequence >= oldestSequence || state.inFlight != 0)) continue;
    const age: u32 = idle ? 0 : state.boundSequence;
    if (age < freeSequence) {
      freeSequence = age;
      free = i;
    }
  }
  return free;
}

/**
 * Makes the place the name's, unless it is already; what another name learnt there is forgotten.
 *
 * @param state the place, of stride bytes
 * @param nameOffset where in it the name is kept
 */
export function takePlace(
  state: Named,
  stride: usize,
  nameOffset: usize,
  nameHash: u64,
  name: usize,
  nameLength: i32,
  sequence: u32,
): void {
  if (state.nameHash != nameHash) {
    memory.fill(changetype<usize>(state), 0, stride);
    state.nameHash = nameHash;
    state.nameLength = min(nameLength, <i32>NAME_BYTES);
    memory.copy(changetype<usize>(state) + nameOffset, name, <usize>state.nameLength);
  }
  state.boundSequence = sequence;
}
