// Log, clock, ticks, status, effective context: the calls that belong to no stream.

import { LogLevel, WasmResult } from "./abi";
import type { HostFunctions } from "./imports";
import { returnText } from "./return-data";
import type { WasmVm } from "./wasm-vm";

export function systemImports(vm: WasmVm, abiVersion: "0.2.0" | "0.2.1"): HostFunctions {
  const always: HostFunctions = {
    ...callImports(vm),
    proxy_log(level: number, at: number, size: number) {
      const memory = vm.enter("proxy_log");
      if (level >>> 0 > LogLevel.critical) return WasmResult.BadArgument;
      if (!memory.has(at >>> 0, size >>> 0)) return WasmResult.InvalidMemoryAccess;
      if (level >= vm.process.logLevel) {
        vm.logFromGuest(level, memory.utf8(at >>> 0, size >>> 0));
      }
      return WasmResult.Ok;
    },
    pthread_equal(left: number, right: number) {
      vm.enter("pthread_equal");
      return left === right ? 1 : 0;
    },
    emscripten_notify_memory_growth() {
      vm.enter("emscripten_notify_memory_growth");
    },
  };
  if (abiVersion === "0.2.0") return always;
  return {
    ...always,
    proxy_get_log_level(at: number) {
      return vm.enter("proxy_get_log_level").setU32(at >>> 0, vm.process.logLevel)
        ? WasmResult.Ok
        : WasmResult.InvalidMemoryAccess;
    },
  };
}

function callImports(vm: WasmVm): HostFunctions {
  const { clock } = vm.process;
  return {
    proxy_get_current_time_nanoseconds(at: number) {
      const memory = vm.enter("proxy_get_current_time_nanoseconds");
      if (!memory.has(at >>> 0, 8)) return WasmResult.InvalidMemoryAccess;
      clock.writeWall(memory.view, at >>> 0);
      return WasmResult.Ok;
    },
    proxy_set_tick_period_milliseconds(periodMs: number) {
      vm.enter("proxy_set_tick_period_milliseconds");
      vm.setTickPeriod(vm.context().root, periodMs >>> 0);
      return WasmResult.Ok;
    },
    proxy_get_status(codeAt: number, at: number, size: number) {
      const memory = vm.enter("proxy_get_status");
      const { root } = vm.context();
      if (!memory.setU32(codeAt >>> 0, root.statusCode)) return WasmResult.InvalidMemoryAccess;
      return returnText(vm, root.statusMessage, at >>> 0, size >>> 0);
    },
    proxy_set_effective_context(id: number) {
      vm.enter("proxy_set_effective_context");
      const context = vm.contexts.get(id >>> 0);
      if (context === undefined) return WasmResult.BadArgument;
      // Id 0 means "no effective context" to the host.
      vm.effective = id === 0 ? null : context;
      return WasmResult.Ok;
    },
    proxy_done() {
      vm.enter("proxy_done");
      return vm.finish(vm.context()) ? WasmResult.Ok : WasmResult.NotFound;
    },
  };
}
