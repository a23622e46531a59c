// Buffers: bodies, the two configurations, and the body of a call-out's answer. A body outside its
// phase reads as empty (Ok, 0 bytes); a configuration outside its phase is NotFound.

import { BufferType, MAX_BUFFER_TYPE, WasmResult } from "./abi";
import { Body } from "./body";
import type { Context } from "./context";
import type { HostFunctions } from "./imports";
import { returnBytes, returnPointer } from "./return-data";
import type { WasmVm } from "./wasm-vm";

const EMPTY = new Uint8Array(0);

function findBuffer(vm: WasmVm, context: Context, type: number): Uint8Array | null {
  switch (type) {
    case BufferType.HttpRequestBody:
      return context.requestBody?.bytes ?? EMPTY;
    case BufferType.HttpResponseBody:
      return context.responseBody?.bytes ?? EMPTY;
    case BufferType.HttpCallResponseBody:
      return context.root.httpCallResponse?.body ?? null;
    case BufferType.VmConfiguration:
      return vm.settings.vmConfiguration;
    case BufferType.PluginConfiguration:
      return context.tempPlugin?.configuration ?? null;
    default:
      return EMPTY;
  }
}

function mutableBody(context: Context, type: number): Body | null {
  if (type === BufferType.HttpRequestBody) return context.requestBody;
  return type === BufferType.HttpResponseBody ? context.responseBody : null;
}

export function bodyImports(vm: WasmVm): HostFunctions {
  return {
    proxy_get_buffer_bytes(type: number, start: number, length: number, at: number, size: number) {
      vm.enter("proxy_get_buffer_bytes");
      if (type >>> 0 > MAX_BUFFER_TYPE) return WasmResult.BadArgument;
      const bytes = findBuffer(vm, vm.context(), type);
      if (bytes === null) return WasmResult.NotFound;
      const from = start >>> 0;
      const to = Math.min(from + (length >>> 0), bytes.length);
      if (to <= from) return returnPointer(vm, 0, 0, at >>> 0, size >>> 0);
      return returnBytes(vm, bytes.subarray(from, to), at >>> 0, size >>> 0);
    },
    proxy_get_buffer_status(type: number, lengthAt: number, flagsAt: number) {
      const memory = vm.enter("proxy_get_buffer_status");
      if (type >>> 0 > MAX_BUFFER_TYPE) return WasmResult.BadArgument;
      const bytes = findBuffer(vm, vm.context(), type);
      if (bytes === null) return WasmResult.NotFound;
      return memory.setU32(lengthAt >>> 0, bytes.length) && memory.setU32(flagsAt >>> 0, 0)
        ? WasmResult.Ok
        : WasmResult.InvalidMemoryAccess;
    },
    proxy_set_buffer_bytes(type: number, start: number, length: number, at: number, size: number) {
      const memory = vm.enter("proxy_set_buffer_bytes");
      if (type >>> 0 > MAX_BUFFER_TYPE) return WasmResult.BadArgument;
      const context = vm.context();
      if (findBuffer(vm, context, type) === null) return WasmResult.NotFound;
      if (!memory.has(at >>> 0, size >>> 0)) return WasmResult.InvalidMemoryAccess;
      const body = mutableBody(context, type);
      if (body === null) return WasmResult.BadArgument;
      const data = memory.u8.slice(at >>> 0, (at >>> 0) + (size >>> 0));
      return body.replace(start >>> 0, length >>> 0, data);
    },
  };
}
