// The configuration reader as a module of its own, for tests and fuzzers on the host side. Takes
// addresses only: the host lays out the regions, and the guard bytes around them, in memory that it
// has grown itself. Not part of the release.

import { base64Bytes, decodeBase64 } from "./config/base64";
import { ConfigReport, REPORT_BYTES } from "./config/config-report";
import { hash64, hash64Joined } from "./config/hash64";
import {
  JsonKind,
  JsonReader,
  jsonClose,
  jsonNextItem,
  jsonNextKey,
  jsonOpen,
  jsonValue,
} from "./config/json";
import { parseSettings } from "./config/parse";
import { renderReport } from "./config/render-report";
import {
  SETTINGS_BYTES,
  Settings,
  armSettings,
  canarySettings,
  keyHeader,
  limitSettings,
  limitValueSettings,
  routeSettings,
  settingsText,
} from "./config/settings";
import { sha256 } from "./config/sha256";
import { sipHash, sipHash13 } from "./state/siphash";

export { base64Bytes, decodeBase64, hash64, hash64Joined, sha256, sipHash13 };

export function settingsBytes(): usize {
  return SETTINGS_BYTES;
}

export function reportBytes(): usize {
  return REPORT_BYTES;
}

export function parse(
  json: usize,
  jsonBytes: i32,
  settings: usize,
  artifact: usize,
  report: usize,
): i32 {
  const block = changetype<Settings>(settings);
  return i32(parseSettings(json, jsonBytes, block, artifact, changetype<ConfigReport>(report)));
}

/** ConfigProblem of a report. */
export function problemOf(report: usize): i32 {
  return changetype<ConfigReport>(report).problem;
}

export function render(report: usize, target: usize, capacity: i32): i32 {
  return renderReport(changetype<ConfigReport>(report), target, capacity);
}

export function routeAt(settings: usize, index: i32): usize {
  return changetype<usize>(routeSettings(changetype<Settings>(settings), index));
}

export function canaryAt(settings: usize, index: i32): usize {
  return changetype<usize>(canarySettings(changetype<Settings>(settings), index));
}

export function armAt(settings: usize, index: i32): usize {
  return changetype<usize>(armSettings(changetype<Settings>(settings), index));
}

export function limitAt(settings: usize, index: i32): usize {
  return changetype<usize>(limitSettings(changetype<Settings>(settings), index));
}

export function valueAt(settings: usize, index: i32): usize {
  return changetype<usize>(limitValueSettings(changetype<Settings>(settings), index));
}

export function keyHeaderAt(settings: usize, index: i32): usize {
  return changetype<usize>(keyHeader(changetype<Settings>(settings), index));
}

export function textAt(settings: usize): usize {
  return settingsText(changetype<Settings>(settings));
}

/** SipHash-2-4, for which the authors published vectors. */
export function sipHash24(source: usize, length: i32, k0: u64, k1: u64): u64 {
  return sipHash(source, length, k0, k1, 2, 4);
}

const walker = changetype<JsonReader>(memory.data(offsetof<JsonReader>(), 8));
/** Events of walk: the kinds of jsonValue, and these. */
const EVENT_KEY: u32 = 8;
const EVENT_CLOSE: u32 = 9;
let eventAt: usize = 0;

/**
 * Reads any JSON and writes what the reader saw as events: one byte of kind, then eight bytes of a
 * number, or four of a length and the bytes of a text or key.
 * @param target room for 16 bytes per byte of JSON
 * @returns bytes of events, or -1 - ConfigProblem
 */
export function walk(
  json: usize,
  jsonBytes: i32,
  scratch: usize,
  scratchBytes: i32,
  target: usize,
): i32 {
  eventAt = target;
  jsonOpen(walker, json, jsonBytes, scratch, scratchBytes);
  if (!walkValue() || !jsonClose(walker)) return -1 - walker.problem;
  return <i32>(eventAt - target);
}

function emitText(kind: u32): void {
  store<u8>(eventAt, kind);
  store<u32>(eventAt + 1, walker.textLength);
  memory.copy(eventAt + 5, walker.textPtr, walker.textLength);
  eventAt += 5 + <usize>walker.textLength;
}

function walkValue(): bool {
  const kind = jsonValue(walker);
  if (kind == JsonKind.Bad) return false;
  if (kind == JsonKind.Text) {
    emitText(kind);
    return true;
  }
  store<u8>(eventAt++, kind);
  if (kind == JsonKind.Number) {
    store<f64>(eventAt, walker.number);
    eventAt += 8;
  } else if (kind == JsonKind.Object) {
    while (jsonNextKey(walker)) {
      emitText(EVENT_KEY);
      if (!walkValue()) return false;
    }
    store<u8>(eventAt++, EVENT_CLOSE);
  } else if (kind == JsonKind.Array) {
    while (jsonNextItem(walker)) {
      if (!walkValue()) return false;
    }
    store<u8>(eventAt++, EVENT_CLOSE);
  }
  return walker.problem == 0;
}
