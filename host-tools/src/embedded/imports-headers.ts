// Header map calls. Reading uses the map visible in this phase (the access log's maps in on_log),
// writing uses only a map that is live right now: that difference is Envoy's, and filters trip on
// it.

import { HeaderMapType, MAX_HEADER_MAP_TYPE, WasmResult } from "./abi";
import type { Context } from "./context";
import type { HeaderMap } from "./header-map";
import type { HostFunctions } from "./imports";
import { readPairs } from "./pairs";
import { returnPairs, returnText } from "./return-data";
import type { WasmVm } from "./wasm-vm";

/** The map a filter may change now, or null. */
function liveMap(context: Context, type: number): HeaderMap | null {
  switch (type) {
    case HeaderMapType.RequestHeaders:
      return context.requestHeaders;
    case HeaderMapType.RequestTrailers:
      return context.requestTrailers ?? context.addRequestTrailers();
    case HeaderMapType.ResponseHeaders:
      return context.responseHeaders;
    case HeaderMapType.ResponseTrailers:
      return context.responseTrailers ?? context.addResponseTrailers();
    default:
      return null;
  }
}

/** The map a filter may read now, or null. */
function readableMap(context: Context, type: number): HeaderMap | null {
  const log = context.accessLogPhase;
  switch (type) {
    case HeaderMapType.RequestHeaders:
      return log ? context.logRequestHeaders : context.requestHeaders;
    case HeaderMapType.RequestTrailers:
      return log ? null : context.requestTrailers;
    case HeaderMapType.ResponseHeaders:
      return log ? context.logResponseHeaders : context.responseHeaders;
    case HeaderMapType.ResponseTrailers:
      return log ? context.logResponseTrailers : context.responseTrailers;
    case HeaderMapType.HttpCallResponseHeaders:
      return context.root.httpCallResponse?.headers ?? null;
    case HeaderMapType.HttpCallResponseTrailers:
      return context.root.httpCallResponse?.trailers ?? null;
    default:
      return null;
  }
}

/** A change of request headers drops the cached route, in every ABI that Envoy loads. */
function changed(context: Context, type: number): number {
  if (type === HeaderMapType.RequestHeaders) context.clearRouteCache();
  return WasmResult.Ok;
}

export function headerImports(vm: WasmVm): HostFunctions {
  return { ...readers(vm), ...valueWriters(vm), ...listWriters(vm) };
}

function readers(vm: WasmVm): HostFunctions {
  return {
    proxy_get_header_map_value(
      type: number,
      key: number,
      keySize: number,
      at: number,
      size: number,
    ) {
      const memory = vm.enter("proxy_get_header_map_value");
      if (type >>> 0 > MAX_HEADER_MAP_TYPE) return WasmResult.BadArgument;
      if (!memory.has(key >>> 0, keySize >>> 0)) return WasmResult.InvalidMemoryAccess;
      const context = vm.context();
      const map = readableMap(context, type);
      if (map === null) {
        return context.accessLogPhase ? WasmResult.NotFound : WasmResult.BadArgument;
      }
      const value = map.get(memory.latin1(key >>> 0, keySize >>> 0));
      if (value === undefined) return WasmResult.NotFound;
      return returnText(vm, value, at >>> 0, size >>> 0);
    },
    proxy_get_header_map_pairs(type: number, at: number, size: number) {
      vm.enter("proxy_get_header_map_pairs");
      if (type >>> 0 > MAX_HEADER_MAP_TYPE) return WasmResult.BadArgument;
      return returnPairs(vm, readableMap(vm.context(), type), at >>> 0, size >>> 0);
    },
    proxy_get_header_map_size(type: number, at: number) {
      const memory = vm.enter("proxy_get_header_map_size");
      if (type >>> 0 > MAX_HEADER_MAP_TYPE) return WasmResult.BadArgument;
      const map = liveMap(vm.context(), type);
      if (map === null) return WasmResult.BadArgument;
      return memory.setU32(at >>> 0, map.byteSize())
        ? WasmResult.Ok
        : WasmResult.InvalidMemoryAccess;
    },
  };
}

function valueWriters(vm: WasmVm): HostFunctions {
  const write = (
    name: string,
    type: number,
    key: number,
    keySize: number,
    value: number,
    valueSize: number,
    replace: boolean,
  ): number => {
    const memory = vm.enter(name);
    if (type >>> 0 > MAX_HEADER_MAP_TYPE) return WasmResult.BadArgument;
    if (!memory.has(key >>> 0, keySize >>> 0) || !memory.has(value >>> 0, valueSize >>> 0)) {
      return WasmResult.InvalidMemoryAccess;
    }
    const context = vm.context();
    const map = liveMap(context, type);
    if (map === null) return WasmResult.BadArgument;
    const headerName = memory.latin1(key >>> 0, keySize >>> 0);
    const headerValue = memory.latin1(value >>> 0, valueSize >>> 0);
    if (replace) map.set(headerName, headerValue);
    else map.add(headerName, headerValue);
    return changed(context, type);
  };
  return {
    proxy_add_header_map_value(
      type: number,
      key: number,
      keySize: number,
      v: number,
      vSize: number,
    ) {
      return write("proxy_add_header_map_value", type, key, keySize, v, vSize, false);
    },
    proxy_replace_header_map_value(
      type: number,
      key: number,
      keySize: number,
      v: number,
      vSize: number,
    ) {
      return write("proxy_replace_header_map_value", type, key, keySize, v, vSize, true);
    },
  };
}

function listWriters(vm: WasmVm): HostFunctions {
  return {
    proxy_remove_header_map_value(type: number, key: number, keySize: number) {
      const memory = vm.enter("proxy_remove_header_map_value");
      if (type >>> 0 > MAX_HEADER_MAP_TYPE) return WasmResult.BadArgument;
      if (!memory.has(key >>> 0, keySize >>> 0)) return WasmResult.InvalidMemoryAccess;
      const context = vm.context();
      const map = liveMap(context, type);
      if (map === null) return WasmResult.BadArgument;
      map.remove(memory.latin1(key >>> 0, keySize >>> 0));
      return changed(context, type);
    },
    proxy_set_header_map_pairs(type: number, at: number, size: number) {
      const memory = vm.enter("proxy_set_header_map_pairs");
      if (type >>> 0 > MAX_HEADER_MAP_TYPE) return WasmResult.BadArgument;
      if (!memory.has(at >>> 0, size >>> 0)) return WasmResult.InvalidMemoryAccess;
      const context = vm.context();
      const map = liveMap(context, type);
      if (map === null) return WasmResult.BadArgument;
      const pairs = readPairs(memory.u8, at >>> 0, size >>> 0, memory.strings);
      map.replaceAll(pairs.names, pairs.values);
      return changed(context, type);
    },
  };
}
