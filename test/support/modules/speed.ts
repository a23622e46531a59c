// The speed probe: about what a real filter asks of the host on each request. All request headers
// once, a monotonic clock, one header set and one counter; response headers with a status read; a
// log callback with a clock and a histogram.

import {
  clockTime,
  defineMetric,
  getHeader,
  getPairs,
  incrementMetric,
  recordMetric,
  setHeader,
} from "./host-calls";
export { fault } from "./host-calls";

const scratch = memory.data(16_384, 16);
const out = memory.data(64, 16);
const arm = memory.data<u8>([0x78, 0x2d, 0x61, 0x72, 0x6d]);
const status = memory.data<u8>([0x3a, 0x73, 0x74, 0x61, 0x74, 0x75, 0x73]);
const name = memory.data<u8>([0x73, 0x70, 0x65, 0x65, 0x64]);
let counter: u32 = 0;
let histogram: u32 = 0;
let used: usize = 0;
let startedNs: u64 = 0;
let checksum: u32 = 0;

export function proxy_abi_version_0_2_1(): void {}

export function malloc(size: usize): usize {
  const at = scratch + used;
  used = (used + size + 15) & ~15;
  return used > 16_384 ? 0 : at;
}

export function proxy_on_context_create(_id: u32, _root: u32): void {}

export function proxy_on_vm_start(_id: u32, _size: u32): u32 {
  return 1;
}

export function proxy_on_configure(_id: u32, _size: u32): u32 {
  defineMetric(0, name, 5, out);
  counter = load<u32>(out);
  defineMetric(2, name, 5, out);
  histogram = load<u32>(out);
  return 1;
}

export function proxy_on_request_headers(_id: u32, _count: u32, _end: u32): u32 {
  used = 0;
  getPairs(0, out, out + 4);
  const at = load<u32>(out);
  const size = load<u32>(out + 4);
  for (let i: u32 = 0; i < size; i += 4) checksum = (checksum * 31) ^ load<u32>(at + i);
  clockTime(1, 0, out);
  startedNs = load<u64>(out);
  if ((checksum & 3) == 0) setHeader(0, arm, 5, arm, 5);
  incrementMetric(counter, 1);
  return 0;
}

export function proxy_on_response_headers(_id: u32, _count: u32, _end: u32): u32 {
  used = 0;
  getHeader(2, status, 7, out, out + 4);
  checksum ^= load<u32>(load<u32>(out));
  return 0;
}

export function proxy_on_log(_id: u32): void {
  clockTime(1, 0, out);
  recordMetric(histogram, load<u64>(out) - startedNs);
}

export function proxy_on_done(_id: u32): u32 {
  return 1;
}

export function proxy_on_delete(_id: u32): void {}
