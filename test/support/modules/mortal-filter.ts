// The filter with a hole: a request with a body makes it trap. For tests of what is seen, and done,
// when a worker's filter is dead.

export * from "../../../assembly/index";

export function proxy_on_request_body(contextId: u32, bytes: i32, endOfStream: i32): i32 {
  if (bytes > 0) unreachable();
  return 0;
}
