// Entry of a laboratory module: the statistics layer alone, on values and events from a host. For tests,
// benches and the tool; not part of the filter, nothing here runs in a proxy.

import { harmonicEvidence } from "./statistics/combine-evidence";
import { MONITOR_BYTES, monitorTick, onArrival, onFinish } from "./statistics/route-monitor";
import { stepRecord } from "./statistics/record";
import { STREAM_BYTES, stepStream, stepStreamForRecords } from "./statistics/stream-detector";
import { WATCH_BYTES } from "./statistics/route-watch";
import { stepTail } from "./statistics/tail";

export {
  monitorEvidenceQ8,
  monitorSignalQ8,
  monitorTick,
  monitorTopSignal,
  onArrival,
  onFinish,
  setWallClock,
} from "./statistics/route-monitor";
export {
  watchArrival,
  watchEvidenceQ8,
  watchFinish,
  watchTick,
  watchTopSignal,
} from "./statistics/route-watch";
export { harmonicEvidence, stepRecord, stepStream, stepStreamForRecords, stepTail };

/** Blocks of 4 KiB: a stream's or a monitor's state, and values. */
const BLOCKS: i32 = 64;
const BLOCK_BYTES: usize = 4096;
const AREA: usize = memory.data(262144, 16);

if (<usize>BLOCKS * BLOCK_BYTES > 262144) ERROR("AREA is too small");
if (WATCH_BYTES > BLOCK_BYTES) ERROR("a block is too small for a watch");
if (STREAM_BYTES > BLOCK_BYTES || MONITOR_BYTES > BLOCK_BYTES) ERROR("a block is too small");

/** Block 0 to 63. */
export function area(index: i32): usize {
  return AREA + <usize>index * BLOCK_BYTES;
}

export function streamBytes(): usize {
  return STREAM_BYTES;
}

export function monitorBytes(): usize {
  return MONITOR_BYTES;
}

/** For benches: requests at a fixed rate, arrival and end of each; returns the windows closed. */
export function repeatRequests(state: usize, count: i32, startMs: f64, stepMs: f64): i32 {
  let closed = 0;
  for (let i = 0; i < count; i++) {
    const nowMs = startMs + <f64>i * stepMs;
    const spread = <f32>((i * 40503) & 1023);
    onArrival(state, nowMs, spread, 1);
    onFinish(state, nowMs, 20 + spread * 0.05, 10, (i & 255) == 0 ? 500 : 200);
    closed += <i32>monitorTick(state, nowMs);
  }
  return closed;
}
