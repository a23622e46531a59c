// Requests in flight, by the proxy's context id. Ids count up, so the low bits spread perfectly and a
// fixed number of probes is enough; a full neighbourhood is counted and the request passes untracked.

import { PROBES_MAX, STREAMS_MAX } from "../contract/limits";

/** What is remembered of a request from its headers to its end. */
// @ts-ignore: decorator
@unmanaged
@final
export class StreamSlot {
  /** 0 is an empty place. */
  contextId: u32;
  /** Index of the route's state. */
  route: i32;
  /** Index of the arm's state, -1 for a route without arms. */
  arm: i32;
  /** STREAM_* bits. */
  flags: i32;
  startMs: f64;
  /** Time to first byte; 0 before the response. */
  ttfbMs: f32;
  /** Response status; 0 before the response or when unknown. */
  status: i32;
  /** Probability with which the arm was chosen. */
  propensity: f32;
  /** Half-lives of the configuration the request began under. */
  fastHalfLifeMs: f32;
  slowHalfLifeMs: f32;
  quantileHalfLifeMs: i32;
  /** The route's ejection rule, likewise. */
  ejectionError: f32;
  ejectionOutcomesMin: i32;
  ejectionDurationMs: i32;
  /** For later reflexes: absolute deadline, reserved tokens, attempt. */
  deadlineMs: f64;
  reservedTokens: i32;
  attempt: i32;
}

/** The response's headers were seen. */
export const STREAM_RESPONDED: i32 = 1;
/** The response ended with its headers. */
export const STREAM_COMPLETE: i32 = 2;

const SLOT_BYTES: usize = 80;
const TABLE: usize = memory.data(655360, 16);
if (offsetof<StreamSlot>() != 80) ERROR("StreamSlot changed its size");
if (STREAMS_MAX * 80 != 655360) ERROR("TABLE must have STREAMS_MAX places");

// @ts-ignore: decorator
@inline
function slotAt(index: u32): StreamSlot {
  return changetype<StreamSlot>(TABLE + <usize>(index & (STREAMS_MAX - 1)) * SLOT_BYTES);
}

/** @returns the stream's slot, or null when it is not tracked */
export function findStream(contextId: u32): StreamSlot | null {
  for (let i = 0; i < PROBES_MAX; i++) {
    const slot = slotAt(contextId + <u32>i);
    if (slot.contextId == contextId) return slot;
  }
  return null;
}

/** @returns an empty slot that is now the stream's, or null when there is no place */
export function openStream(contextId: u32): StreamSlot | null {
  for (let i = 0; i < PROBES_MAX; i++) {
    const slot = slotAt(contextId + <u32>i);
    if (slot.contextId == 0 || slot.contextId == contextId) {
      memory.fill(changetype<usize>(slot), 0, SLOT_BYTES);
      slot.contextId = contextId;
      return slot;
    }
  }
  return null;
}

export function closeStream(slot: StreamSlot): void {
  slot.contextId = 0;
}
