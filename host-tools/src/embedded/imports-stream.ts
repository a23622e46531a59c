// Calls that steer a stream: local replies, continue and close, properties, call-outs, foreign
// functions. gRPC call-outs are refused: a filter that needs them has no place in this host.

import { StreamType, WasmResult } from "./abi";
import { callForeignFunction } from "./foreign-functions";
import { startHttpCall } from "./http-call";
import type { HostFunctions } from "./imports";
import { readPairs } from "./pairs";
import { readProperty } from "./properties";
import { returnBytes } from "./return-data";
import type { WasmVm } from "./wasm-vm";

export function streamImports(vm: WasmVm): HostFunctions {
  return {
    proxy_send_local_response(
      code: number,
      details: number,
      detailsSize: number,
      body: number,
      bodySize: number,
      headers: number,
      headersSize: number,
      grpcStatus: number,
    ) {
      const memory = vm.enter("proxy_send_local_response");
      if (
        !memory.has(details >>> 0, detailsSize >>> 0) ||
        !memory.has(body >>> 0, bodySize >>> 0) ||
        !memory.has(headers >>> 0, headersSize >>> 0)
      ) {
        return WasmResult.InvalidMemoryAccess;
      }
      const context = vm.context();
      vm.stopIteration = true;
      if (!context.acceptsLocalReply()) return WasmResult.Ok;
      const pairs = readPairs(memory.u8, headers >>> 0, headersSize >>> 0, memory.strings);
      const reply = {
        code: code >>> 0,
        details: memory.latin1(details >>> 0, detailsSize >>> 0).replace(/\s/g, "_"),
        body: memory.u8.slice(body >>> 0, (body >>> 0) + (bodySize >>> 0)),
        headerNames: pairs.names,
        headerValues: pairs.values,
        grpcStatus: grpcStatus >= 0 && grpcStatus <= 16 ? grpcStatus : -1,
      };
      vm.deferAction(() => context.localReply(reply));
      return WasmResult.Ok;
    },
    proxy_continue_stream(type: number) {
      vm.enter("proxy_continue_stream");
      const context = vm.context();
      if (type === StreamType.Downstream) return WasmResult.Ok;
      if (type === StreamType.Upstream) return WasmResult.Unimplemented;
      if (type === StreamType.Request) vm.deferAction(() => context.continueRequest());
      else if (type === StreamType.Response) vm.deferAction(() => context.continueResponse());
      else return WasmResult.BadArgument;
      context.requestHeaders = null;
      context.requestBody = null;
      context.requestTrailers = null;
      return WasmResult.Ok;
    },
    proxy_close_stream(type: number) {
      vm.enter("proxy_close_stream");
      const context = vm.context();
      if (type >>> 0 > StreamType.Upstream) return WasmResult.BadArgument;
      if (type <= StreamType.Response) vm.deferAction(() => context.closeStream());
      return WasmResult.Ok;
    },
    ...propertyImports(vm),
    ...callOutImports(vm),
  };
}

function propertyImports(vm: WasmVm): HostFunctions {
  return {
    proxy_get_property(path: number, pathSize: number, at: number, size: number) {
      const memory = vm.enter("proxy_get_property");
      if (!memory.has(path >>> 0, pathSize >>> 0)) return WasmResult.InvalidMemoryAccess;
      const value = readProperty(vm, vm.context(), memory.latin1(path >>> 0, pathSize >>> 0));
      if (value === undefined) return WasmResult.NotFound;
      return returnBytes(vm, value, at >>> 0, size >>> 0);
    },
    proxy_set_property(path: number, pathSize: number, value: number, valueSize: number) {
      const memory = vm.enter("proxy_set_property");
      const start = value >>> 0;
      if (!memory.has(path >>> 0, pathSize >>> 0) || !memory.has(start, valueSize >>> 0)) {
        return WasmResult.InvalidMemoryAccess;
      }
      const { info } = vm.context();
      if (info === null) return WasmResult.NotFound;
      const key = `wasm.${memory.latin1(path >>> 0, pathSize >>> 0)}`;
      info.setFilterState(key, memory.u8.slice(start, start + (valueSize >>> 0)));
      return WasmResult.Ok;
    },
    proxy_call_foreign_function(
      name: number,
      nameSize: number,
      args: number,
      argsSize: number,
      at: number,
      size: number,
    ) {
      const memory = vm.enter("proxy_call_foreign_function");
      const start = args >>> 0;
      if (!memory.has(name >>> 0, nameSize >>> 0) || !memory.has(start, argsSize >>> 0)) {
        return WasmResult.InvalidMemoryAccess;
      }
      const input = memory.u8.subarray(start, start + (argsSize >>> 0));
      return callForeignFunction(vm, memory.latin1(name >>> 0, nameSize >>> 0), input, at, size);
    },
  };
}

function callOutImports(vm: WasmVm): HostFunctions {
  const refuse = (name: string) => (): number => {
    vm.enter(name);
    return WasmResult.Unimplemented;
  };
  return {
    proxy_http_call(
      uri: number,
      uriSize: number,
      headers: number,
      headersSize: number,
      body: number,
      bodySize: number,
      trailers: number,
      trailersSize: number,
      timeoutMs: number,
      tokenAt: number,
    ) {
      const memory = vm.enter("proxy_http_call");
      const inMemory =
        memory.has(uri >>> 0, uriSize >>> 0) &&
        memory.has(headers >>> 0, headersSize >>> 0) &&
        memory.has(body >>> 0, bodySize >>> 0) &&
        memory.has(trailers >>> 0, trailersSize >>> 0) &&
        memory.setU32(tokenAt >>> 0, 0);
      if (!inMemory) return WasmResult.InvalidMemoryAccess;
      const { u8, strings } = memory;
      const { status, token } = startHttpCall(
        vm,
        vm.context().root,
        memory.latin1(uri >>> 0, uriSize >>> 0),
        readPairs(u8, headers >>> 0, headersSize >>> 0, strings),
        u8.subarray(body >>> 0, (body >>> 0) + (bodySize >>> 0)),
        readPairs(u8, trailers >>> 0, trailersSize >>> 0, strings),
        timeoutMs,
      );
      memory.setU32(tokenAt >>> 0, token);
      return status;
    },
    proxy_grpc_call: refuse("proxy_grpc_call"),
    proxy_grpc_stream: refuse("proxy_grpc_stream"),
    proxy_grpc_cancel: refuse("proxy_grpc_cancel"),
    proxy_grpc_close: refuse("proxy_grpc_close"),
    proxy_grpc_send: refuse("proxy_grpc_send"),
    envoy_resolve_dns: refuse("envoy_resolve_dns"),
  };
}
