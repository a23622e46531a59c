// Where the host writes what it returns. Every data-returning host call re-enters the module's malloc;
// a general allocator there would grow for ever (nobody frees) or cost a search. This one is an arena
// that each callback rewinds: what lies in it is dead when the callback ends.
//
// A plugin configuration does not fit the arena, so configuring opens a second, larger one. A request
// for more than there is gets 0, which the host reports as a failed call.

import { CONFIG_BYTES_MAX, SCRATCH_BYTES_MAX } from "../contract/limits";

const ARENA: usize = memory.data(131072, 16);
const CONFIG: usize = memory.data(327680, 16);

if (SCRATCH_BYTES_MAX != 131072) ERROR("ARENA must have SCRATCH_BYTES_MAX bytes");
if (CONFIG_BYTES_MAX != 327680) ERROR("CONFIG must have CONFIG_BYTES_MAX bytes");

let used: usize = 0;
let configOpen: bool = false;

/** Rewinds the arena; the first thing every callback does. */
// @ts-ignore: decorator
@inline
export function rewindScratch(): void {
  used = 0;
}

/** From here to closeConfigArena one allocation may be as large as a configuration. */
export function openConfigArena(): void {
  configOpen = true;
}

export function closeConfigArena(): void {
  configOpen = false;
}

/** @returns 16-byte aligned space for the host, or 0 when there is none */
export function allocate(bytes: usize): usize {
  const size = (bytes + 15) & ~15;
  // Unsigned comparison also refuses a size that wrapped around.
  if (size >= bytes && size <= <usize>SCRATCH_BYTES_MAX - used) {
    const place = ARENA + used;
    used += size;
    return place;
  }
  if (configOpen && bytes <= <usize>CONFIG_BYTES_MAX) {
    configOpen = false;
    return CONFIG;
  }
  return 0;
}
