// Constant names as the wire wants them: bytes. AssemblyScript's string literals are UTF-16, so each
// is copied into fixed memory once, when the VM starts.

import {
  HEADER_ARM,
  HEADER_DEADLINE_MS,
  HEADER_DEGRADED,
  HEADER_EVIDENCE,
  HEADER_MODEL,
  HEADER_REASON,
  HEADER_SCORE,
  HEADER_VERDICT,
} from "../contract/signals";

const CAPACITY: usize = 1024;
const ARENA: usize = memory.data(1024, 16);
let used: usize = 0;

/** Copies an ASCII literal into fixed memory and returns its first byte. */
function put(literal: string): usize {
  const place = ARENA + used;
  const count = <usize>literal.length;
  if (used + count > CAPACITY) return ARENA;
  for (let i: usize = 0; i < count; i++) store<u8>(place + i, <u8>literal.charCodeAt(<i32>i));
  used += count;
  return place;
}

export const ARM: usize = put(HEADER_ARM);
export const ARM_BYTES: i32 = HEADER_ARM.length;
export const SCORE: usize = put(HEADER_SCORE);
export const SCORE_BYTES: i32 = HEADER_SCORE.length;
export const VERDICT: usize = put(HEADER_VERDICT);
export const VERDICT_BYTES: i32 = HEADER_VERDICT.length;
export const REASON: usize = put(HEADER_REASON);
export const REASON_BYTES: i32 = HEADER_REASON.length;
export const MODEL: usize = put(HEADER_MODEL);
export const MODEL_BYTES: i32 = HEADER_MODEL.length;
export const EVIDENCE: usize = put(HEADER_EVIDENCE);
export const EVIDENCE_BYTES: i32 = HEADER_EVIDENCE.length;
export const DEADLINE: usize = put(HEADER_DEADLINE_MS);
export const DEADLINE_BYTES: i32 = HEADER_DEADLINE_MS.length;
export const DEGRADED: usize = put(HEADER_DEGRADED);
export const DEGRADED_BYTES: i32 = HEADER_DEGRADED.length;

const STATUS_NAME: string = ":status";
export const STATUS: usize = put(STATUS_NAME);
export const STATUS_BYTES: i32 = 7;

const CLUSTER_PATH: string = "xds\0cluster_name";
/** The cluster that the proxy chose. */
export const CLUSTER: usize = put(CLUSTER_PATH);
export const CLUSTER_BYTES: i32 = 16;

const ROOT_ID_PATH: string = "plugin_root_id";
export const ROOT_ID: usize = put(ROOT_ID_PATH);
export const ROOT_ID_BYTES: i32 = 14;
