// Asks for a tick from top-level code: a restricted call, so `_initialize` traps.

import { setTickPeriod } from "./host-calls";
export { fault } from "./host-calls";

setTickPeriod(100);

export function proxy_abi_version_0_2_1(): void {}

export function malloc(size: usize): usize {
  return heap.alloc(size);
}
