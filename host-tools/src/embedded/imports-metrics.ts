// Statistics as host calls. Every definition gives a new id, also for a name that exists: the id is
// this VM's handle, the value behind it is the process's.

import { MAX_METRIC_TYPE, MetricType, WasmResult } from "./abi";
import type { HostFunctions } from "./imports";
import type { WasmVm } from "./wasm-vm";

const TYPE_MASK = 3;
const ID_STEP = 4;

export function metricImports(vm: WasmVm): HostFunctions {
  const defined = vm.metrics;
  const store = vm.process.metrics;
  return {
    proxy_define_metric(type: number, name: number, nameSize: number, idAt: number) {
      const memory = vm.enter("proxy_define_metric");
      if (!memory.has(name >>> 0, nameSize >>> 0)) return WasmResult.InvalidMemoryAccess;
      if (type >>> 0 > MAX_METRIC_TYPE) return WasmResult.BadArgument;
      const id = (vm.nextMetricId[type]! += ID_STEP);
      defined[id] = store.define(type, memory.latin1(name >>> 0, nameSize >>> 0));
      return memory.setU32(idAt >>> 0, id) ? WasmResult.Ok : WasmResult.InvalidMemoryAccess;
    },
    proxy_increment_metric(id: number, offset: bigint) {
      vm.enter("proxy_increment_metric");
      const type = id & TYPE_MASK;
      if (type > MetricType.Gauge) return WasmResult.BadArgument;
      const metric = defined[id >>> 0];
      if (metric === undefined) return WasmResult.NotFound;
      if (type === MetricType.Counter && offset <= 0n) return WasmResult.BadArgument;
      metric.cell[0] = BigInt.asUintN(64, metric.cell[0]! + offset);
      return WasmResult.Ok;
    },
    proxy_record_metric(id: number, value: bigint) {
      vm.enter("proxy_record_metric");
      const metric = defined[id >>> 0];
      if (metric === undefined) return WasmResult.NotFound;
      const unsigned = BigInt.asUintN(64, value);
      if (metric.type === MetricType.Histogram) metric.record(Number(unsigned));
      else if (metric.type === MetricType.Gauge) metric.cell[0] = unsigned;
      else metric.cell[0] = BigInt.asUintN(64, metric.cell[0]! + unsigned);
      return WasmResult.Ok;
    },
    proxy_get_metric(id: number, at: number) {
      const memory = vm.enter("proxy_get_metric");
      if ((id & TYPE_MASK) > MetricType.Gauge) return WasmResult.BadArgument;
      const metric = defined[id >>> 0];
      if (metric === undefined) return WasmResult.NotFound;
      if (!memory.has(at >>> 0, 8)) return WasmResult.InvalidMemoryAccess;
      memory.view.setBigUint64(at >>> 0, metric.cell[0]!, true);
      return WasmResult.Ok;
    },
  };
}
