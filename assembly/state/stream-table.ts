// Requests in flight, by the proxy's context id. Ids count up, so the low bits spread perfectly and a
// fixed number of probes is enough; a full neighbourhood is counted and the request passes untracked.
// No hash table that grows, and no list: one id, at most 16 looks.

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
  /** Where the guard of the route's canary is, see canaryTicket; 0 without one. */
  canary: u32;
  /** For later reflexes: absolute deadline, reserved tokens, attempt. */
  deadlineMs: f64;
  reservedTokens: i32;
  attempt: i32;
}

/** The response's headers were seen. */
export const STREAM_RESPONDED: i32 = 1;
/** The response ended with its headers. */
export const STREAM_COMPLETE: i32 = 2;
/** The stream found no near place. */
const STREAM_FAR: i32 = 4;

const SLOT_BYTES: usize = 80;
const TABLE: usize = memory.data(655360, 16);
/**
 * The first places are tried before all others: with few streams in flight, which is the rule, the same
 * few kilobytes stay in the processor's cache, where ids spread over the whole table would miss each time.
 */
const NEAR: u32 = 256;
if (offsetof<StreamSlot>() != 80) ERROR("StreamSlot changed its size");
if (STREAMS_MAX * 80 != 655360) ERROR("TABLE must have STREAMS_MAX places");

/** Streams that found no near place. */
let far: i32 = 0;

// @ts-ignore: decorator
@inline
function slotAt(index: u32): StreamSlot {
  return changetype<StreamSlot>(TABLE + <usize>index * SLOT_BYTES);
}

/** Looks for an id (0: an empty place) among the probes of the stream's home. */
function probe(contextId: u32, wanted: u32, mask: u32): StreamSlot | null {
  for (let i = 0; i < PROBES_MAX; i++) {
    const slot = slotAt((contextId + <u32>i) & mask);
    if (slot.contextId == wanted) return slot;
  }
  return null;
}

/** @returns the stream's slot, or null when it is not tracked */
export function findStream(contextId: u32): StreamSlot | null {
  const near = probe(contextId, contextId, NEAR - 1);
  if (near !== null || far == 0) return near;
  return probe(contextId, contextId, STREAMS_MAX - 1);
}

/** @returns an empty slot that is now the stream's, or null when there is no place */
export function openStream(contextId: u32): StreamSlot | null {
  const near = probe(contextId, 0, NEAR - 1);
  const slot = near !== null ? near : probe(contextId, 0, STREAMS_MAX - 1);
  if (slot === null) return null;
  const zero = i64x2.splat(0);
  for (let at: usize = 0; at < SLOT_BYTES; at += 16) v128.store(changetype<usize>(slot) + at, zero);
  slot.contextId = contextId;
  if (near === null) {
    slot.flags = STREAM_FAR;
    far++;
  }
  return slot;
}

export function closeStream(slot: StreamSlot): void {
  if ((slot.flags & STREAM_FAR) != 0) far--;
  slot.contextId = 0;
}
