// Reads a request's headers once, in one host call, and keeps what the reflex needs as pointers into
// scratch: no strings, no map. All headers rather than single ones, because one call for all costs what
// one call for one does, and because the first value of a repeated header is what an attacker chose
// (proxy-wasm/spec#53): a tenant is only believed when its header stands there once.

import { HEADERS_MAX, KEY_HEADERS_MAX } from "../contract/limits";
import { KeyHeader, Settings, keyHeader } from "../config/settings";
import { STATUS_OK, readRequestHeaders, readResponseHeader, removeRequestHeader } from "./host";
import { resultBytes, resultPtr } from "./host";
import * as wire from "./wire";

/** One request as the callback sees it; dead when the callback ends. */
// @ts-ignore: decorator
@unmanaged
@final
export class RequestView {
  path: usize;
  /** Without query. */
  pathBytes: i32;
  queryBytes: i32;
  method: usize;
  methodBytes: i32;
  authority: usize;
  authorityBytes: i32;
  contentBytes: f64;
  /** x-envoy-attempt-count, 0 when it is not there. */
  attempt: i32;
  headerBytes: i32;
  headerCount: i32;
  /** Copies of our own headers that a client sent. */
  ownHeaders: i32;
  /** x-forwarded-for, as the last one that stands there says; 0 bytes without one. */
  forwarded: usize;
  forwardedBytes: i32;
}

// @ts-ignore: decorator
@unmanaged
@final
class KeyValue {
  ptr: usize;
  bytes: i32;
  /** How often the header stands there. */
  copies: i32;
}

const VIEW_BYTES: usize = 64;
const KEYS_BYTES: usize = 128;
const VIEW: usize = memory.data(64, 16);
const KEYS: usize = memory.data(128, 16);

if (offsetof<RequestView>() > VIEW_BYTES) ERROR("VIEW is too small");
if (offsetof<KeyValue>() * <usize>KEY_HEADERS_MAX > KEYS_BYTES) ERROR("KEYS is too small");

/** The view of the request that was read last. */
// @ts-ignore: decorator
@inline
export function requestView(): RequestView {
  return changetype<RequestView>(VIEW);
}

// @ts-ignore: decorator
@inline
function keyValue(index: i32): KeyValue {
  return changetype<KeyValue>(KEYS + <usize>index * offsetof<KeyValue>());
}

/** First byte of the key header's value; meaningful when keyCopies is 1. */
export function keyPtr(index: i32): usize {
  return keyValue(index).ptr;
}

export function keyBytes(index: i32): i32 {
  return keyValue(index).bytes;
}

/** How often the request carries the key header. */
export function keyCopies(index: i32): i32 {
  return keyValue(index).copies;
}

/** @returns whether two byte ranges of equal length are equal */
export function sameBytes(a: usize, b: usize, bytes: i32): bool {
  let i: usize = 0;
  const count = <usize>bytes;
  for (; i + 8 <= count; i += 8) {
    if (load<u64>(a + i) != load<u64>(b + i)) return false;
  }
  for (; i < count; i++) {
    if (load<u8>(a + i) != load<u8>(b + i)) return false;
  }
  return true;
}

/** The first eight bytes of "x-ganglion-" and the three that follow, as they lie in memory. */
const OWN_HEAD: u64 = 0x6c676e61672d78; // "x-gangl", seven bytes
const OWN_TAIL: u32 = 0x2d6e6f69; // "ion-"

// @ts-ignore: decorator
@inline
function isOwn(name: usize, bytes: i32): bool {
  if (bytes < 11) return false;
  return (load<u64>(name) & 0x00ffffffffffffff) == OWN_HEAD && load<u32>(name + 7) == OWN_TAIL;
}

/** Decimal digits to a number; anything else is 0. */
function parseLength(ptr: usize, bytes: i32): f64 {
  if (bytes <= 0 || bytes > 15) return 0;
  let value: f64 = 0;
  for (let i = 0; i < bytes; i++) {
    const digit = <i32>load<u8>(ptr + <usize>i) - 48;
    if (digit < 0 || digit > 9) return 0;
    value = value * 10 + <f64>digit;
  }
  return value;
}

function splitPath(view: RequestView, value: usize, bytes: i32): void {
  view.path = value;
  view.pathBytes = bytes;
  view.queryBytes = 0;
  for (let i = 0; i < bytes; i++) {
    if (load<u8>(value + <usize>i) == 0x3f) {
      view.pathBytes = i;
      view.queryBytes = bytes - i - 1;
      return;
    }
  }
}

/** Takes what the reflex needs from one header; names are lower-case on the wire. */
function takeHeader(view: RequestView, name: usize, bytes: i32, value: usize, size: i32): void {
  switch (bytes) {
    case 5:
      // ":path"
      if (load<u32>(name) == 0x7461703a && load<u8>(name, 4) == 0x68) splitPath(view, value, size);
      return;
    case 7:
      // ":method"
      if (load<u32>(name) == 0x74656d3a && load<u32>(name, 3) == 0x646f6874) {
        view.method = value;
        view.methodBytes = size;
      }
      return;
    case 10:
      // ":authority"
      if (load<u64>(name) == 0x69726f687475613a && load<u16>(name, 8) == 0x7974) {
        view.authority = value;
        view.authorityBytes = size;
      }
      return;
    case 14:
      // "content-length"
      if (load<u64>(name) == 0x2d746e65746e6f63 && load<u64>(name, 6) == 0x6874676e656c2d74) {
        view.contentBytes = parseLength(value, size);
      }
      return;
    case 15:
      // "x-forwarded-for"
      if (load<u64>(name) == 0x726177726f662d78 && load<u64>(name, 7) == 0x726f662d64656472) {
        view.forwarded = value;
        view.forwardedBytes = size;
      }
      return;
    case 21:
      // "x-envoy-attempt-count"
      if (
        load<u64>(name) == 0x2d796f766e652d78 &&
        load<u64>(name, 8) == 0x2d74706d65747461 &&
        load<u64>(name, 13) == 0x746e756f632d7470
      ) {
        view.attempt = <i32>min<f64>(parseLength(value, size), 255);
      }
      return;
  }
}

function takeKeys(settings: Settings, name: usize, bytes: i32, value: usize, size: i32): void {
  const count = min(settings.keyHeaderCount, KEY_HEADERS_MAX);
  for (let i = 0; i < count; i++) {
    const header: KeyHeader = keyHeader(settings, i);
    if (header.nameLength != bytes || !sameBytes(header.namePtr, name, bytes)) continue;
    const key = keyValue(i);
    key.ptr = value;
    key.bytes = size;
    key.copies = key.copies + 1;
  }
}

/**
 * Reads all request headers of the stream in hand, and removes our own among them: what a client sends
 * under our names must reach nobody.
 *
 * @param settings names the key headers; null reads without them
 * @returns false when the host gave nothing usable; the view is then empty
 */
export function senseRequest(settings: Settings | null): bool {
  clearViews();
  if (readHeaders(settings)) return true;
  stripBlindly();
  clearViews();
  return false;
}

/** Twelve wide stores: memory.fill leaves the module, which costs more. */
function clearViews(): void {
  const zero = i64x2.splat(0);
  for (let at: usize = 0; at < VIEW_BYTES; at += 16) v128.store(VIEW + at, zero);
  for (let at: usize = 0; at < KEYS_BYTES; at += 16) v128.store(KEYS + at, zero);
}

function readHeaders(settings: Settings | null): bool {
  const view = requestView();
  if (readRequestHeaders() != STATUS_OK) return false;
  const base = resultPtr();
  const size = <u32>resultBytes();
  if (base == 0 || size < 4) return false;
  const count = load<u32>(base);
  if (<u64>count * 8 + 4 > <u64>size || count > <u32>HEADERS_MAX) return false;
  view.headerCount = <i32>count;
  view.headerBytes = <i32>(size - 4 - count * 8);
  const end = base + size;
  let entry = base + 4;
  let data = base + 4 + <usize>count * 8;
  for (let i: u32 = 0; i < count; i++) {
    const nameBytes = load<u32>(entry);
    const valueBytes = load<u32>(entry, 4);
    entry += 8;
    // Sums in 64 bits: lengths from the host are not trusted to be small.
    const next = <u64>data + nameBytes + valueBytes + 2;
    if (next > <u64>end) return false;
    const value = data + nameBytes + 1;
    if (isOwn(data, <i32>nameBytes)) {
      // Removing takes all copies; the bytes in scratch stay where they are.
      removeRequestHeader(data, <i32>nameBytes);
      view.ownHeaders++;
    } else {
      takeHeader(view, data, <i32>nameBytes, value, <i32>valueBytes);
      if (settings !== null && settings.keyHeaderCount > 0) {
        takeKeys(settings, data, <i32>nameBytes, value, <i32>valueBytes);
      }
    }
    data = <usize>next;
  }
  return true;
}

/** Removes the names of ours that mean something, without knowing whether they are there. */
function stripBlindly(): void {
  removeRequestHeader(wire.ARM, wire.ARM_BYTES);
  removeRequestHeader(wire.SCORE, wire.SCORE_BYTES);
  removeRequestHeader(wire.VERDICT, wire.VERDICT_BYTES);
  removeRequestHeader(wire.REASON, wire.REASON_BYTES);
  removeRequestHeader(wire.MODEL, wire.MODEL_BYTES);
  removeRequestHeader(wire.EVIDENCE, wire.EVIDENCE_BYTES);
  removeRequestHeader(wire.DEADLINE, wire.DEADLINE_BYTES);
  removeRequestHeader(wire.DEGRADED, wire.DEGRADED_BYTES);
}

/** @returns the response's status code, 0 when the host does not say */
export function senseStatus(): i32 {
  if (readResponseHeader(wire.STATUS, wire.STATUS_BYTES) != STATUS_OK) return 0;
  if (resultBytes() != 3) return 0;
  const ptr = resultPtr();
  return (
    (<i32>load<u8>(ptr) - 48) * 100 + (<i32>load<u8>(ptr, 1) - 48) * 10 + <i32>load<u8>(ptr, 2) - 48
  );
}
