// Envoy's foreign functions that a filter of ours may call: clear_route_cache and
// set_envoy_filter_state. All others are NotFound, which a filter must survive anyway.

import { WasmResult } from "./abi";
import type { WasmVm } from "./wasm-vm";

/** Filter state keys with a factory in Envoy that a Wasm filter can usefully set. */
const FILTER_STATE_KEYS = new Set([
  "envoy.network.transport_socket.original_dst_address",
  "envoy.network.upstream_server_name",
  "envoy.network.application_protocols",
  "envoy.network.upstream_subject_alt_names",
  "envoy.tcp_proxy.cluster",
  "envoy.tcp_proxy.per_connection_idle_timeout_ms",
  "envoy.upstream.dynamic_host",
  "envoy.upstream.dynamic_port",
  "envoy.hashable_string",
  "envoy.string",
  "envoy.access_log_type",
]);

export function callForeignFunction(
  vm: WasmVm,
  name: string,
  args: Uint8Array,
  at: number,
  size: number,
): WasmResult {
  const status = run(vm, name, args);
  if (status === undefined) return WasmResult.NotFound;
  const { memory } = vm;
  if (at !== 0 && !memory.setU32(at >>> 0, 0)) return WasmResult.InvalidMemoryAccess;
  if (size !== 0 && !memory.setU32(size >>> 0, 0)) return WasmResult.InvalidMemoryAccess;
  return status;
}

function run(vm: WasmVm, name: string, args: Uint8Array): WasmResult | undefined {
  const context = vm.context();
  if (name === "clear_route_cache") {
    context.clearRouteCache();
    return WasmResult.Ok;
  }
  if (name !== "set_envoy_filter_state") return undefined;
  const state = decodeFilterState(args);
  if (state === undefined) return WasmResult.BadArgument;
  if (!FILTER_STATE_KEYS.has(state.path) || context.info === null) return WasmResult.NotFound;
  context.info.setFilterState(state.path, state.value);
  return WasmResult.Ok;
}

/** SetEnvoyFilterStateArguments: path (1), value (2), span (3). */
function decodeFilterState(args: Uint8Array): { path: string; value: Uint8Array } | undefined {
  let path = "";
  let value = new Uint8Array(0);
  let at = 0;
  const varint = (): number => {
    let result = 0;
    for (let shift = 0; at < args.length && shift < 35; shift += 7) {
      const byte = args[at++]!;
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return result;
    }
    return Number.NaN;
  };
  while (at < args.length) {
    const tag = varint();
    const number = varint();
    if (Number.isNaN(tag) || Number.isNaN(number)) return undefined;
    if ((tag & 7) === 0) continue;
    if ((tag & 7) !== 2 || at + number > args.length) return undefined;
    const field = args.slice(at, at + number);
    at += number;
    if (tag >>> 3 === 1) path = Buffer.from(field).toString("utf8");
    if (tag >>> 3 === 2) value = field;
  }
  return { path, value };
}
