// Which host calls a guest may make while Envoy runs `_initialize`, and the fewer ones inside
// malloc. Any other call there is a trap ("restricted_callback").

const IN_MALLOC = new Set(["proxy_log", "fd_write", "clock_time_get", "poll_oneoff"]);

/** proxy_log, and every WASI call but those with an effect beyond the VM. */
export function mayCallInStart(name: string): boolean {
  if (name.startsWith("proxy_")) return name === "proxy_log";
  return !NOT_IN_START.has(name);
}

const NOT_IN_START = new Set([
  "proc_exit",
  "sched_yield",
  "path_open",
  "fd_read",
  "fd_seek",
  "fd_close",
  "pthread_equal",
  "envoy_resolve_dns",
]);

export function mayCallInMalloc(name: string): boolean {
  return IN_MALLOC.has(name);
}
