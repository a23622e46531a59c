// The doors of the filter: Proxy-Wasm callbacks, nothing else. Each one exported is a crossing into the VM
// per request, so the body callbacks, on_context_create, on_log and on_done are left out on purpose.
//
// Memory, all of it static (linear memory does not grow after _initialize):
//   edge/scratch      128 KiB  what the host writes in one callback; 320 KiB for a configuration
//   generation          1 MiB  settings, model and bindings of four configurations
//   state/arm-state   960 KiB  estimates and sketches of 1,024 arms
//   state/stream-table 640 KiB 8,192 streams in flight
//   state/route-state 280 KiB  estimates, sketches and hidden state of 128 routes
//   state/lease-table 256 KiB  4,096 rate-limit leases
//   state/limit-state  28 KiB  counters of 256 limits
//   state/canary-state  6 KiB  what is known of the canaries of 128 routes

import { allocate, rewindScratch } from "./edge/scratch";
import { configure, currentGeneration, forgetRoot, start, tick } from "./plugin";
import { onEnd, onRequest, onResponse } from "./reflex";

export function proxy_abi_version_0_2_1(): void {}

/** Where the host puts what it returns. */
export function malloc(bytes: usize): usize {
  return allocate(bytes);
}

/** The same under the name that other hosts ask for. */
export function proxy_on_memory_allocate(bytes: usize): usize {
  return allocate(bytes);
}

export function proxy_on_vm_start(rootContextId: u32, configurationBytes: i32): i32 {
  rewindScratch();
  start();
  return 1;
}

export function proxy_on_configure(rootContextId: u32, configurationBytes: i32): i32 {
  rewindScratch();
  configure(rootContextId, configurationBytes);
  return 1;
}

export function proxy_on_tick(rootContextId: u32): void {
  rewindScratch();
  tick();
}

export function proxy_on_request_headers(contextId: u32, headers: i32, endOfStream: i32): i32 {
  rewindScratch();
  return onRequest(contextId, currentGeneration());
}

export function proxy_on_response_headers(contextId: u32, headers: i32, endOfStream: i32): i32 {
  rewindScratch();
  onResponse(contextId, endOfStream != 0);
  return 0;
}

export function proxy_on_delete(contextId: u32): void {
  rewindScratch();
  if (!onEnd(contextId)) forgetRoot(contextId);
}
