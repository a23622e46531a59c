// Imports a host call that exists under ABI 0.1.0 only.

export { fault } from "./host-calls";

// @ts-ignore: decorator
@external("env", "proxy_clear_route_cache")
declare function clearRouteCache(): i32;

export function proxy_abi_version_0_2_1(): void {}

export function malloc(size: usize): usize {
  return heap.alloc(size);
}

export function proxy_on_vm_start(_id: u32, _size: u32): u32 {
  return clearRouteCache() == 0 ? 1 : 0;
}
