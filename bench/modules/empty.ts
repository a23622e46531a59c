// The least a Wasm filter can be: the callbacks that Ganglion exports, empty. What it costs is the price
// of crossing into the VM, which no filter can go below.

export function proxy_abi_version_0_2_1(): void {}

export function malloc(bytes: usize): usize {
  return 0;
}

export function proxy_on_vm_start(root: u32, bytes: i32): i32 {
  return 1;
}

export function proxy_on_configure(root: u32, bytes: i32): i32 {
  return 1;
}

export function proxy_on_request_headers(context: u32, headers: i32, end: i32): i32 {
  return 0;
}

export function proxy_on_response_headers(context: u32, headers: i32, end: i32): i32 {
  return 0;
}

export function proxy_on_delete(context: u32): void {}
