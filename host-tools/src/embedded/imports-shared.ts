// Shared data and shared queues as host calls.

import { WasmResult } from "./abi";
import type { HostFunctions } from "./imports";
import { returnBytes } from "./return-data";
import type { WasmVm } from "./wasm-vm";

export function sharedImports(vm: WasmVm): HostFunctions {
  const { vmId } = vm.settings;
  const { sharedData } = vm.process;
  return {
    proxy_get_shared_data(key: number, keySize: number, at: number, size: number, casAt: number) {
      const memory = vm.enter("proxy_get_shared_data");
      if (!memory.has(key >>> 0, keySize >>> 0)) return WasmResult.InvalidMemoryAccess;
      const entry = sharedData.find(vmId, memory.latin1(key >>> 0, keySize >>> 0));
      if (entry === undefined) return WasmResult.NotFound;
      const status = returnBytes(vm, entry.bytes, at >>> 0, size >>> 0);
      if (status !== WasmResult.Ok) return status;
      return vm.memory.setU32(casAt >>> 0, entry.cas)
        ? WasmResult.Ok
        : WasmResult.InvalidMemoryAccess;
    },
    proxy_set_shared_data(key: number, keySize: number, at: number, size: number, cas: number) {
      const memory = vm.enter("proxy_set_shared_data");
      const start = at >>> 0;
      if (!memory.has(key >>> 0, keySize >>> 0) || !memory.has(start, size >>> 0)) {
        return WasmResult.InvalidMemoryAccess;
      }
      const name = memory.latin1(key >>> 0, keySize >>> 0);
      const bytes = memory.u8.subarray(start, start + (size >>> 0));
      return sharedData.set(vmId, name, bytes, cas >>> 0);
    },
    ...queueImports(vm),
  };
}

function queueImports(vm: WasmVm): HostFunctions {
  const { vmId } = vm.settings;
  const queues = vm.process.sharedQueues;
  return {
    proxy_register_shared_queue(name: number, nameSize: number, tokenAt: number) {
      const memory = vm.enter("proxy_register_shared_queue");
      if (!memory.has(name >>> 0, nameSize >>> 0)) return WasmResult.InvalidMemoryAccess;
      const root = vm.context().root;
      const token = queues.register(vmId, memory.latin1(name >>> 0, nameSize >>> 0), vm, root.id);
      return memory.setU32(tokenAt >>> 0, token) ? WasmResult.Ok : WasmResult.InvalidMemoryAccess;
    },
    proxy_resolve_shared_queue(
      id: number,
      idSize: number,
      name: number,
      nameSize: number,
      tokenAt: number,
    ) {
      const memory = vm.enter("proxy_resolve_shared_queue");
      if (!memory.has(id >>> 0, idSize >>> 0) || !memory.has(name >>> 0, nameSize >>> 0)) {
        return WasmResult.InvalidMemoryAccess;
      }
      const owner = memory.latin1(id >>> 0, idSize >>> 0) || vmId;
      const token = queues.resolve(owner, memory.latin1(name >>> 0, nameSize >>> 0));
      if (token === 0) return WasmResult.NotFound;
      return memory.setU32(tokenAt >>> 0, token) ? WasmResult.Ok : WasmResult.InvalidMemoryAccess;
    },
    proxy_enqueue_shared_queue(token: number, at: number, size: number) {
      const memory = vm.enter("proxy_enqueue_shared_queue");
      const start = at >>> 0;
      if (!memory.has(start, size >>> 0)) return WasmResult.InvalidMemoryAccess;
      return queues.enqueue(token >>> 0, memory.u8.subarray(start, start + (size >>> 0)));
    },
    proxy_dequeue_shared_queue(token: number, at: number, size: number) {
      vm.enter("proxy_dequeue_shared_queue");
      const message = queues.dequeue(token >>> 0);
      if (typeof message === "number") return message;
      return returnBytes(vm, message, at >>> 0, size >>> 0);
    },
  };
}
