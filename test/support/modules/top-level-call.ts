// Calls the host from top-level code. In the wasm start section that kills Envoy; in `_initialize`
// the log is allowed and most other calls are a trap.

import { proxyLog, setTickPeriod } from "./host-calls";
export { fault } from "./host-calls";

const text = memory.data<u8>([0x75, 0x70]);
proxyLog(2, text, 2);

export function proxy_abi_version_0_2_1(): void {}

export function malloc(size: usize): usize {
  return heap.alloc(size);
}

export function proxy_on_context_create(_id: u32, _root: u32): void {
  setTickPeriod(0);
}
