// Strings of JSON. A text without escapes, nearly every one, stays where it is: pointer and length
// into the source. One with escapes is decoded into the reader's scratch, which has a bound,
// because the source is not ours to write to.

import { ConfigProblem } from "../contract/config-problem";
import { JsonReader, jsonFail, jsonPeek } from "./json";

/** Reads the text whose opening quote is at the cursor. */
export function readText(reader: JsonReader): bool {
  const opening = reader.cursor;
  const end = reader.end;
  reader.tokenPtr = opening;
  reader.escaped = 0;
  reader.textPtr = opening + 1;
  for (let at = opening + 1; at < end; at++) {
    const byte = load<u8>(at);
    if (byte == 0x22) {
      reader.textLength = <i32>(at - opening - 1);
      return closeText(reader, at);
    }
    if (byte == 0x5c) {
      reader.cursor = at;
      return readEscaped(reader, <i32>(at - opening - 1));
    }
    if (byte < 0x20) {
      reader.cursor = at;
      return jsonFail(reader, ConfigProblem.BadText);
    }
  }
  reader.cursor = end;
  return jsonFail(reader, ConfigProblem.Truncated);
}

function closeText(reader: JsonReader, quote: usize): bool {
  reader.cursor = quote + 1;
  reader.tokenLength = <i32>(reader.cursor - reader.tokenPtr);
  return true;
}

/** Goes on at the first backslash; the `plain` bytes before it are copied as they are. */
function readEscaped(reader: JsonReader, plain: i32): bool {
  const scratch = reader.scratchPtr;
  if (plain > reader.scratchBytes) return jsonFail(reader, ConfigProblem.EscapedTextTooLong);
  memory.copy(scratch, reader.textPtr, plain);
  reader.escaped = 1;
  reader.textPtr = scratch;
  reader.textLength = plain;
  while (reader.cursor < reader.end) {
    const byte = load<u8>(reader.cursor);
    if (byte == 0x22) return closeText(reader, reader.cursor);
    if (byte < 0x20) return jsonFail(reader, ConfigProblem.BadText);
    if (byte == 0x5c) {
      if (!readEscape(reader)) return false;
    } else {
      if (!put(reader, byte)) return false;
      reader.cursor++;
    }
  }
  return jsonFail(reader, ConfigProblem.Truncated);
}

function put(reader: JsonReader, byte: u32): bool {
  if (reader.textLength >= reader.scratchBytes) {
    return jsonFail(reader, ConfigProblem.EscapedTextTooLong);
  }
  store<u8>(reader.scratchPtr + <usize>reader.textLength, byte);
  reader.textLength++;
  return true;
}

function readEscape(reader: JsonReader): bool {
  reader.cursor++;
  const byte = jsonPeek(reader);
  if (byte < 0) return jsonFail(reader, ConfigProblem.Truncated);
  if (byte == 0x75) return readUnicode(reader);
  const plain = escapeByte(byte);
  if (plain < 0) return jsonFail(reader, ConfigProblem.BadText);
  reader.cursor++;
  return put(reader, plain);
}

/** What a one-letter escape stands for, -1 when it stands for nothing. */
function escapeByte(letter: i32): i32 {
  switch (letter) {
    case 0x22:
    case 0x5c:
    case 0x2f:
      return letter;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return -1;
  }
}

/** Four hexadecimal digits at the cursor + 1; -1 when they are not there. */
function hexUnit(reader: JsonReader): i32 {
  if (reader.end - reader.cursor < 5) return -1;
  let unit = 0;
  for (let i: usize = 1; i <= 4; i++) {
    const byte: i32 = load<u8>(reader.cursor + i);
    const lower = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) unit = (unit << 4) | (byte - 0x30);
    else if (lower >= 0x61 && lower <= 0x66) unit = (unit << 4) | (lower - 0x57);
    else return -1;
  }
  return unit;
}

/** `\uXXXX`, the cursor at the `u`; a surrogate must be the first half of a complete pair. */
function readUnicode(reader: JsonReader): bool {
  let point = hexUnit(reader);
  if (point < 0 || (point & 0xfc00) == 0xdc00) return jsonFail(reader, ConfigProblem.BadText);
  reader.cursor += 5;
  if ((point & 0xfc00) == 0xd800) {
    if (jsonPeek(reader) != 0x5c) return jsonFail(reader, ConfigProblem.BadText);
    reader.cursor++;
    if (jsonPeek(reader) != 0x75) return jsonFail(reader, ConfigProblem.BadText);
    const low = hexUnit(reader);
    if ((low & 0xfc00) != 0xdc00) return jsonFail(reader, ConfigProblem.BadText);
    reader.cursor += 5;
    point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
  }
  return putPoint(reader, point);
}

function putPoint(reader: JsonReader, point: i32): bool {
  if (point < 0x80) return put(reader, point);
  if (point < 0x800) {
    return put(reader, 0xc0 | (point >> 6)) && put(reader, 0x80 | (point & 0x3f));
  }
  if (point < 0x10000) {
    return (
      put(reader, 0xe0 | (point >> 12)) &&
      put(reader, 0x80 | ((point >> 6) & 0x3f)) &&
      put(reader, 0x80 | (point & 0x3f))
    );
  }
  return (
    put(reader, 0xf0 | (point >> 18)) &&
    put(reader, 0x80 | ((point >> 12) & 0x3f)) &&
    put(reader, 0x80 | ((point >> 6) & 0x3f)) &&
    put(reader, 0x80 | (point & 0x3f))
  );
}
