// Carries a verdict out: headers towards the upstream, an answer towards the client, a line of filter
// state for access logs. Each header write costs microseconds (it clears the route cache), so nothing is
// written that says nothing.

import {
  HEADER_LOCAL_RATE_LIMIT,
  HEADER_REASON,
  HEADER_RETRY_AFTER,
  Cause,
  Reason,
  Verdict,
  ScoreLayer,
  layerName,
  reasonName,
  verdictName,
} from "../contract/signals";
import { signalName } from "../contract/route-signals";
import { STATUS_OK, addRequestHeader, reply, writeProperty } from "./host";
import { noteCause } from "./log";
import { appendByte, appendLiteral, appendNumber, beginText, textBytes, textPtr } from "./text";
import * as wire from "./wire";

const GRPC_RESOURCE_EXHAUSTED: u32 = 8;
const GRPC_UNAVAILABLE: u32 = 14;

/** Serialised headers of an answer. */
const PAIRS: usize = memory.data(256, 8);
const FILTER_STATE: usize = memory.data(16, 8);
const FILTER_STATE_NAME: string = "ganglion";
for (let i = 0; i < FILTER_STATE_NAME.length; i++) {
  store<u8>(FILTER_STATE + <usize>i, <u8>FILTER_STATE_NAME.charCodeAt(i));
}

/** Names the arm to the router. Copies from outside were removed, so that adding is enough. */
export function writeArm(name: usize, nameBytes: i32, nowMs: f64): void {
  if (addRequestHeader(wire.ARM, wire.ARM_BYTES, name, nameBytes) != STATUS_OK) {
    noteCause(Cause.HeaderWriteFailed, nowMs);
  }
}

/** Score, verdict, reason and model towards the upstream. @param modelVersion 0 without a model */
export function writeMarks(
  scorePermille: i32,
  verdict: Verdict,
  reason: Reason,
  modelVersion: u32,
  nowMs: f64,
): void {
  let failed: u32 = 0;
  beginText();
  appendNumber(<u64>scorePermille);
  failed |= addRequestHeader(wire.SCORE, wire.SCORE_BYTES, textPtr(), textBytes());
  if (modelVersion != 0) {
    beginText();
    appendNumber(modelVersion);
    failed |= addRequestHeader(wire.MODEL, wire.MODEL_BYTES, textPtr(), textBytes());
  }
  if (verdict != Verdict.Allow) {
    beginText();
    appendLiteral(verdictName(verdict));
    failed |= addRequestHeader(wire.VERDICT, wire.VERDICT_BYTES, textPtr(), textBytes());
  }
  if (reason != Reason.None) {
    beginText();
    appendLiteral(reasonName(reason));
    failed |= addRequestHeader(wire.REASON, wire.REASON_BYTES, textPtr(), textBytes());
  }
  if (failed != STATUS_OK) noteCause(Cause.HeaderWriteFailed, nowMs);
}

/** What the layers say, towards the upstream: combined and each, Q8. */
export function writeEvidence(
  combined: i32,
  statistics: i32,
  sequence: i32,
  content: i32,
  nowMs: f64,
): void {
  beginText();
  appendNumber(<u64>combined);
  appendByte(0x2c);
  appendNumber(<u64>statistics);
  appendByte(0x2c);
  appendNumber(<u64>sequence);
  appendByte(0x2c);
  appendNumber(<u64>content);
  if (addRequestHeader(wire.EVIDENCE, wire.EVIDENCE_BYTES, textPtr(), textBytes()) != STATUS_OK) {
    noteCause(Cause.HeaderWriteFailed, nowMs);
  }
}

/**
 * Leaves `verdict:reason:score[:layer[.signal]][:shadow]` in filter state `wasm.ganglion`, where access
 * logs and traces find it.
 */
export function writeFilterState(
  verdict: Verdict,
  reason: Reason,
  scorePermille: i32,
  layer: i32,
  signal: i32,
  enforced: bool,
): void {
  beginText();
  appendLiteral(verdictName(verdict));
  appendByte(0x3a);
  appendLiteral(reasonName(reason));
  appendByte(0x3a);
  appendNumber(<u64>scorePermille);
  if (layer >= 0) {
    appendByte(0x3a);
    appendLiteral(layerName(layer));
    if (layer == ScoreLayer.Statistics && signal >= 0) {
      appendByte(0x2e);
      appendLiteral(signalName(signal));
    }
  }
  if (!enforced) appendLiteral(":shadow");
  writeProperty(FILTER_STATE, FILTER_STATE_NAME.length, textPtr(), textBytes());
}

let pairsEnd: usize = 0;

/** Lays out the count and the length table; values are appended in the same order. */
function beginPairs(count: i32): void {
  store<i32>(PAIRS, count);
  pairsEnd = PAIRS + 4 + <usize>count * 8;
}

function putText(literal: string): i32 {
  const count = literal.length;
  for (let i = 0; i < count; i++) store<u8>(pairsEnd + <usize>i, <u8>literal.charCodeAt(i));
  pairsEnd += <usize>count;
  store<u8>(pairsEnd, 0);
  pairsEnd++;
  return count;
}

function putPair(index: i32, name: string, value: string): void {
  const entry = PAIRS + 4 + <usize>index * 8;
  store<i32>(entry, putText(name));
  store<i32>(entry, putText(value), 4);
}

function putNumberPair(index: i32, name: string, value: u64): void {
  const entry = PAIRS + 4 + <usize>index * 8;
  store<i32>(entry, putText(name));
  beginText();
  appendNumber(value);
  memory.copy(pairsEnd, textPtr(), <usize>textBytes());
  pairsEnd += <usize>textBytes();
  store<u8>(pairsEnd, 0);
  pairsEnd++;
  store<i32>(entry, textBytes(), 4);
}

function answer(status: u32, details: string, grpcStatus: u32): u32 {
  beginText();
  appendLiteral(details);
  return reply(status, textPtr(), textBytes(), 0, 0, PAIRS, <i32>(pairsEnd - PAIRS), grpcStatus);
}

/**
 * Answers 429 with retry-after and x-local-rate-limit.
 *
 * @param retrySeconds at least 1
 * @returns whether the proxy took the answer
 */
export function throttle(retrySeconds: u64, nowMs: f64): bool {
  beginPairs(3);
  putNumberPair(0, HEADER_RETRY_AFTER, retrySeconds);
  putPair(1, HEADER_LOCAL_RATE_LIMIT, "true");
  putPair(2, HEADER_REASON, reasonName(Reason.RateLimit));
  const taken = answer(429, "ganglion_rate_limited", GRPC_RESOURCE_EXHAUSTED) == STATUS_OK;
  if (!taken) noteCause(Cause.ReplyFailed, nowMs);
  return taken;
}

/** Answers 503 because of the score. */
export function shed(nowMs: f64): bool {
  beginPairs(2);
  putNumberPair(0, HEADER_RETRY_AFTER, 1);
  putPair(1, HEADER_REASON, reasonName(Reason.Anomaly));
  const taken = answer(503, "ganglion_shed", GRPC_UNAVAILABLE) == STATUS_OK;
  if (!taken) noteCause(Cause.ReplyFailed, nowMs);
  return taken;
}
