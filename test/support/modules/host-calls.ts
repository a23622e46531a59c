// The host calls the test modules use, under short names. Declared here and not taken from the SDK,
// because these modules must also call what a sensible filter never does.

// @ts-ignore: decorator
@external("env", "proxy_log")
export declare function proxyLog(level: i32, at: usize, size: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_header_map_value")
export declare function getHeader(
  type: i32,
  key: usize,
  keySize: usize,
  at: usize,
  size: usize,
): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_header_map_pairs")
export declare function getPairs(type: i32, at: usize, size: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_header_map_size")
export declare function getMapSize(type: i32, at: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_add_header_map_value")
export declare function addHeader(
  type: i32,
  key: usize,
  keySize: usize,
  v: usize,
  vSize: usize,
): i32;
// @ts-ignore: decorator
@external("env", "proxy_replace_header_map_value")
export declare function setHeader(
  type: i32,
  key: usize,
  keySize: usize,
  v: usize,
  vSize: usize,
): i32;
// @ts-ignore: decorator
@external("env", "proxy_remove_header_map_value")
export declare function removeHeader(type: i32, key: usize, keySize: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_set_header_map_pairs")
export declare function setPairs(type: i32, at: usize, size: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_buffer_bytes")
export declare function getBuffer(type: i32, start: i32, length: i32, at: usize, size: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_buffer_status")
export declare function getBufferStatus(type: i32, length: usize, flags: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_set_buffer_bytes")
export declare function setBuffer(type: i32, start: i32, length: i32, at: usize, size: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_property")
export declare function getProperty(path: usize, pathSize: usize, at: usize, size: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_set_property")
export declare function setProperty(path: usize, pathSize: usize, v: usize, vSize: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_send_local_response")
export declare function sendLocalResponse(
  code: i32,
  details: usize,
  detailsSize: usize,
  body: usize,
  bodySize: usize,
  headers: usize,
  headersSize: usize,
  grpcStatus: i32,
): i32;
// @ts-ignore: decorator
@external("env", "proxy_continue_stream")
export declare function continueStream(type: i32): i32;
// @ts-ignore: decorator
@external("env", "proxy_close_stream")
export declare function closeStream(type: i32): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_shared_data")
export declare function getShared(
  key: usize,
  keySize: usize,
  at: usize,
  size: usize,
  cas: usize,
): i32;
// @ts-ignore: decorator
@external("env", "proxy_set_shared_data")
export declare function setShared(
  key: usize,
  keySize: usize,
  v: usize,
  vSize: usize,
  cas: u32,
): i32;
// @ts-ignore: decorator
@external("env", "proxy_register_shared_queue")
export declare function registerQueue(name: usize, nameSize: usize, token: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_resolve_shared_queue")
export declare function resolveQueue(
  id: usize,
  idSize: usize,
  name: usize,
  nameSize: usize,
  token: usize,
): i32;
// @ts-ignore: decorator
@external("env", "proxy_enqueue_shared_queue")
export declare function enqueue(token: u32, at: usize, size: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_dequeue_shared_queue")
export declare function dequeue(token: u32, at: usize, size: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_define_metric")
export declare function defineMetric(type: i32, name: usize, nameSize: usize, id: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_increment_metric")
export declare function incrementMetric(id: u32, offset: i64): i32;
// @ts-ignore: decorator
@external("env", "proxy_record_metric")
export declare function recordMetric(id: u32, value: u64): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_metric")
export declare function getMetric(id: u32, at: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_set_tick_period_milliseconds")
export declare function setTickPeriod(periodMs: i32): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_current_time_nanoseconds")
export declare function currentTime(at: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_status")
export declare function getStatus(code: usize, at: usize, size: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_set_effective_context")
export declare function setEffectiveContext(id: u32): i32;
// @ts-ignore: decorator
@external("env", "proxy_done")
export declare function done(): i32;
// @ts-ignore: decorator
@external("env", "proxy_call_foreign_function")
export declare function callForeign(
  name: usize,
  nameSize: usize,
  args: usize,
  argsSize: usize,
  at: usize,
  size: usize,
): i32;
// @ts-ignore: decorator
@external("env", "proxy_http_call")
export declare function httpCall(
  uri: usize,
  uriSize: usize,
  headers: usize,
  headersSize: usize,
  body: usize,
  bodySize: usize,
  trailers: usize,
  trailersSize: usize,
  timeoutMs: i32,
  token: usize,
): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_time_get")
export declare function clockTime(id: i32, precision: i64, at: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "random_get")
export declare function randomGet(at: usize, size: usize): i32;

/** The abort handler of all test modules: a plain trap, no import. */
export function fault(_message: usize, _file: usize, _line: u32, _column: u32): void {
  unreachable();
}
