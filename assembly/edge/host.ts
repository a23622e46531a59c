// The host calls this filter makes, and nothing else of the Proxy-Wasm ABI. The declarations come from
// @solo-io/proxy-runtime; its context classes are not used (docs/decisions/0001). Every wrapper returns
// the host's status: what to do about a failure is the caller's decision, never a trap.

import {
  proxy_add_header_map_value,
  proxy_define_metric,
  proxy_get_buffer_bytes,
  proxy_get_header_map_pairs,
  proxy_get_header_map_value,
  proxy_get_property,
  proxy_get_shared_data,
  proxy_increment_metric,
  proxy_log,
  proxy_record_metric,
  proxy_remove_header_map_value,
  proxy_send_local_response,
  proxy_set_property,
  proxy_set_shared_data,
  proxy_set_tick_period_milliseconds,
} from "@solo-io/proxy-runtime/assembly/imports";

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_time_get")
declare function clock_time_get(clockId: u32, precision: u64, result: usize): u32;

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "random_get")
declare function random_get(target: usize, bytes: usize): u32;

/** Proxy-Wasm's WasmResult, as far as it is told apart here. */
export const STATUS_OK: u32 = 0;
export const STATUS_NOT_FOUND: u32 = 1;
export const STATUS_CAS_MISMATCH: u32 = 8;

export const LEVEL_INFO: usize = 2;
export const LEVEL_WARN: usize = 3;
export const LEVEL_ERROR: usize = 4;

const MAP_REQUEST_HEADERS: i32 = 0;
const MAP_RESPONSE_HEADERS: i32 = 2;
const BUFFER_PLUGIN_CONFIGURATION: i32 = 7;
const CLOCK_REALTIME: u32 = 0;
const CLOCK_MONOTONIC: u32 = 1;

/** Where data-returning calls leave pointer, size and other results. */
const RESULT: usize = memory.data(32, 8);

/** First byte of what the last data-returning call wrote into scratch. */
// @ts-ignore: decorator
@inline
export function resultPtr(): usize {
  return load<u32>(RESULT);
}

/** Length in bytes of what the last data-returning call wrote. */
// @ts-ignore: decorator
@inline
export function resultBytes(): i32 {
  return load<i32>(RESULT, 4);
}

/** Version of the shared value that was read last. */
// @ts-ignore: decorator
@inline
export function resultCas(): u32 {
  return load<u32>(RESULT, 8);
}

// A failing host call may leave the places untouched; a stale pointer must not look like a result.
// @ts-ignore: decorator
@inline
function clearResult(): void {
  store<u64>(RESULT, 0);
  store<u64>(RESULT, 0, 8);
}

/** What monotonicNs gives when the host refuses the time. */
export const NO_TIME: u64 = u64.MAX_VALUE;

/** Monotonic time in ns, or NO_TIME. */
export function monotonicNs(): u64 {
  return clock_time_get(CLOCK_MONOTONIC, 0, RESULT + 16) == 0 ? load<u64>(RESULT, 16) : NO_TIME;
}

/** Nanoseconds since 1970, NO_TIME when the host does not say. Never for durations. */
export function wallNs(): u64 {
  return clock_time_get(CLOCK_REALTIME, 0, RESULT + 16) == 0 ? load<u64>(RESULT, 16) : NO_TIME;
}

/** Fills target with random bytes. */
export function randomBytes(target: usize, bytes: i32): bool {
  return random_get(target, <usize>bytes) == 0;
}

export function log(level: usize, text: usize, bytes: i32): void {
  proxy_log(level, text, <usize>bytes);
}

export function setTickPeriodMs(periodMs: i32): u32 {
  return proxy_set_tick_period_milliseconds(<u32>periodMs);
}

/** All request headers, duplicates included, in one piece. */
export function readRequestHeaders(): u32 {
  clearResult();
  return proxy_get_header_map_pairs(MAP_REQUEST_HEADERS, RESULT, RESULT + 4);
}

/** First value of one response header. */
export function readResponseHeader(name: usize, nameBytes: i32): u32 {
  clearResult();
  return proxy_get_header_map_value(
    MAP_RESPONSE_HEADERS,
    name,
    <usize>nameBytes,
    RESULT,
    RESULT + 4,
  );
}

/** Adds a request header that is known not to be there: cheaper than replacing it. */
export function addRequestHeader(name: usize, nameBytes: i32, value: usize, size: i32): u32 {
  return proxy_add_header_map_value(
    MAP_REQUEST_HEADERS,
    name,
    <usize>nameBytes,
    value,
    <usize>size,
  );
}

/** Removes every copy of a request header. */
export function removeRequestHeader(name: usize, nameBytes: i32): u32 {
  return proxy_remove_header_map_value(MAP_REQUEST_HEADERS, name, <usize>nameBytes);
}

/**
 * Answers the request here.
 *
 * @param pairs serialised headers in the ABI's form
 * @param grpcStatus used by the proxy when the request is gRPC
 */
export function reply(
  status: u32,
  details: usize,
  detailsBytes: i32,
  body: usize,
  bodyBytes: i32,
  pairs: usize,
  pairsBytes: i32,
  grpcStatus: u32,
): u32 {
  return proxy_send_local_response(
    status,
    details,
    <usize>detailsBytes,
    body,
    <usize>bodyBytes,
    pairs,
    <usize>pairsBytes,
    grpcStatus,
  );
}

/** Reads a property; the path's parts are separated by zero bytes. */
export function readProperty(path: usize, pathBytes: i32): u32 {
  clearResult();
  return proxy_get_property(path, <usize>pathBytes, RESULT, RESULT + 4);
}

/** Writes filter state that other filters, access logs and traces can read. */
export function writeProperty(path: usize, pathBytes: i32, value: usize, valueBytes: i32): u32 {
  return proxy_set_property(path, <usize>pathBytes, value, <usize>valueBytes);
}

/** Reads bytes [0, bytes) of the plugin configuration. */
export function readConfiguration(bytes: i32): u32 {
  clearResult();
  return proxy_get_buffer_bytes(BUFFER_PLUGIN_CONFIGURATION, 0, <u32>bytes, RESULT, RESULT + 4);
}

export function readShared(key: usize, keyBytes: i32): u32 {
  clearResult();
  return proxy_get_shared_data(key, <usize>keyBytes, RESULT, RESULT + 4, RESULT + 8);
}

/** @param cas version that must still be in place; 0 writes unconditionally */
export function writeShared(
  key: usize,
  keyBytes: i32,
  value: usize,
  valueBytes: i32,
  cas: u32,
): u32 {
  return proxy_set_shared_data(key, <usize>keyBytes, value, <usize>valueBytes, cas);
}

/** @returns the metric's id, 0 when the host refused */
export function defineMetric(kind: i32, name: usize, nameBytes: i32): u32 {
  store<u32>(RESULT, 0, 24);
  if (proxy_define_metric(kind, name, <usize>nameBytes, RESULT + 24) != STATUS_OK) return 0;
  return load<u32>(RESULT, 24);
}

export function incrementMetric(id: u32, by: i64): void {
  proxy_increment_metric(id, by);
}

export function recordMetric(id: u32, value: u64): void {
  proxy_record_metric(id, value);
}
