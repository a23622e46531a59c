// Handing data to the guest: ask its malloc for room, copy, write pointer and size. Between the two
// steps the guest has run, so its memory may have grown and every view taken before is stale.

import { WasmResult } from "./abi";
import type { HeaderMap } from "./header-map";
import type { WasmVm } from "./wasm-vm";

export function returnText(vm: WasmVm, text: string, at: number, size: number): WasmResult {
  let pointer = 0;
  if (text.length > 0) {
    pointer = vm.allocate(text.length);
    if (pointer === 0) return WasmResult.InvalidMemoryAccess;
    const { u8 } = vm.memory;
    for (let i = 0; i < text.length; i++) u8[pointer + i] = text.charCodeAt(i);
  }
  return returnPointer(vm, pointer, text.length, at, size);
}

export function returnBytes(vm: WasmVm, bytes: Uint8Array, at: number, size: number): WasmResult {
  let pointer = 0;
  if (bytes.length > 0) {
    pointer = vm.allocate(bytes.length);
    if (pointer === 0) return WasmResult.InvalidMemoryAccess;
    vm.memory.u8.set(bytes, pointer);
  }
  return returnPointer(vm, pointer, bytes.length, at, size);
}

/** All pairs of a map; a map that is absent or empty is an empty answer, not an error. */
export function returnPairs(
  vm: WasmVm,
  map: HeaderMap | null,
  at: number,
  size: number,
): WasmResult {
  if (map === null || map.size === 0) return returnPointer(vm, 0, 0, at, size);
  const bytes = map.pairsSizeBytes();
  const pointer = vm.allocate(bytes);
  if (pointer === 0) return WasmResult.InvalidMemoryAccess;
  map.writePairs(vm.memory.u8, pointer);
  return returnPointer(vm, pointer, bytes, at, size);
}

export function returnPointer(
  vm: WasmVm,
  pointer: number,
  bytes: number,
  at: number,
  size: number,
): WasmResult {
  const { memory } = vm;
  return memory.setU32(at, pointer) && memory.setU32(size, bytes)
    ? WasmResult.Ok
    : WasmResult.InvalidMemoryAccess;
}
