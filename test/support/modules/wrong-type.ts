// Declares a host call with a 32-bit offset where the ABI has 64 bits.

export { fault } from "./host-calls";

// @ts-ignore: decorator
@external("env", "proxy_increment_metric")
declare function incrementMetric(id: u32, offset: i32): i32;

export function proxy_abi_version_0_2_1(): void {}

export function malloc(size: usize): usize {
  return heap.alloc(size);
}

export function proxy_on_vm_start(_id: u32, _size: u32): u32 {
  return incrementMetric(4, 1) == 0 ? 1 : 0;
}
