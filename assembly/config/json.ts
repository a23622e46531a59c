// Pull reader for JSON (RFC 8259) over raw UTF-8 bytes. Not a parser that builds a tree: the caller
// asks for the next key, item or value and knows what it expects, so nothing is allocated and no
// value is looked at that the configuration does not have. A fault is kept (code and place) and
// makes every later call fail, so the caller may look once at the end of a loop.
//
// Duplicate keys are the caller's matter, who knows the keys (record-reader.ts refuses them). Bytes
// from 0x80 on are taken as they are: no text of a configuration may hold them anyway.

import { ConfigProblem } from "../contract/config-problem";
import { JSON_DEPTH_MAX } from "../contract/limits";
import { readNumber } from "./json-number";
import { readText } from "./json-text";

export enum JsonKind {
  /** A fault, see problem. */
  Bad = 0,
  Object = 1,
  Array = 2,
  Text = 3,
  Number = 4,
  True = 5,
  False = 6,
  Null = 7,
}

// @ts-ignore: decorator
@unmanaged
@final
export class JsonReader {
  start: usize;
  /** Next byte to look at; never beyond end. */
  cursor: usize;
  end: usize;
  depth: i32;
  /** 1 right after an opening bracket: no comma is due. */
  fresh: i32;
  /** ConfigProblem, None while all is well. */
  problem: i32;
  /** Where: byte position from start. */
  problemAt: i32;
  /** The last key or value as it stands in the source. */
  tokenPtr: usize;
  tokenLength: i32;
  /** 1 when the last text had escapes and lies decoded in the scratch. */
  escaped: i32;
  /** The last text: into the source, or into the scratch where it had escapes. */
  textPtr: usize;
  textLength: i32;
  /** Bytes of scratch. */
  scratchBytes: i32;
  scratchPtr: usize;
  /** The last number; infinite when it is beyond the doubles. */
  number: f64;
}

/** Begins to read `bytes` bytes at `source`; texts with escapes are decoded into the scratch. */
export function jsonOpen(
  reader: JsonReader,
  source: usize,
  bytes: i32,
  scratch: usize,
  scratchBytes: i32,
): void {
  memory.fill(changetype<usize>(reader), 0, offsetof<JsonReader>());
  reader.start = source;
  reader.cursor = source;
  reader.end = source + <usize>max<i32>(bytes, 0);
  reader.tokenPtr = source;
  reader.scratchPtr = scratch;
  reader.scratchBytes = scratchBytes;
}

/** Notes the first fault at the cursor (or the end of the source) and answers false. */
export function jsonFail(reader: JsonReader, problem: i32): bool {
  if (reader.problem != ConfigProblem.None) return false;
  const cut = problem == ConfigProblem.Malformed && reader.cursor >= reader.end;
  reader.problem = cut ? ConfigProblem.Truncated : problem;
  reader.problemAt = <i32>(reader.cursor - reader.start);
  return false;
}

/** The byte at the cursor, -1 at the end. */
// @ts-ignore: decorator
@inline
export function jsonPeek(reader: JsonReader): i32 {
  return reader.cursor < reader.end ? <i32>load<u8>(reader.cursor) : -1;
}

function skipSpace(reader: JsonReader): i32 {
  const end = reader.end;
  let at = reader.cursor;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) break;
  }
  reader.cursor = at;
  return jsonPeek(reader);
}

/** True when nothing but white space is left. */
export function jsonAtEnd(reader: JsonReader): bool {
  return skipSpace(reader) < 0;
}

/** True when the reader is sound and nothing but white space follows. */
export function jsonClose(reader: JsonReader): bool {
  if (reader.problem != ConfigProblem.None) return false;
  return jsonAtEnd(reader) || jsonFail(reader, ConfigProblem.Trailing);
}

/**
 * Steps over what stands between two members of an object or array.
 * @returns false after the closing bracket, and on a fault
 */
function nextMember(reader: JsonReader, closing: i32): bool {
  if (reader.problem != ConfigProblem.None) return false;
  const byte = skipSpace(reader);
  const first = reader.fresh;
  reader.fresh = 0;
  if (byte == closing) {
    reader.cursor++;
    reader.depth--;
    return false;
  }
  if (first) return true;
  if (byte != 0x2c) return jsonFail(reader, ConfigProblem.Malformed);
  reader.cursor++;
  skipSpace(reader);
  return true;
}

/**
 * In an object: reads the next key (into textPtr and tokenPtr) and its colon.
 * @returns false after the closing brace, and on a fault
 */
export function jsonNextKey(reader: JsonReader): bool {
  if (!nextMember(reader, 0x7d)) return false;
  if (jsonPeek(reader) != 0x22) return jsonFail(reader, ConfigProblem.Malformed);
  if (!readText(reader)) return false;
  if (skipSpace(reader) != 0x3a) return jsonFail(reader, ConfigProblem.Malformed);
  reader.cursor++;
  return true;
}

/**
 * In an array: steps to the next item, which jsonValue then reads.
 * @returns false after the closing bracket, and on a fault
 */
export function jsonNextItem(reader: JsonReader): bool {
  return nextMember(reader, 0x5d);
}

function openBracket(reader: JsonReader, kind: JsonKind): JsonKind {
  if (reader.depth >= JSON_DEPTH_MAX) {
    jsonFail(reader, ConfigProblem.TooDeep);
    return JsonKind.Bad;
  }
  reader.depth++;
  reader.fresh = 1;
  reader.cursor++;
  reader.tokenLength = 1;
  return kind;
}

function readWord(reader: JsonReader, word: string, kind: JsonKind): JsonKind {
  const source = changetype<usize>(word);
  const length = word.length;
  for (let i = 0; i < length; i++) {
    if (jsonPeek(reader) != <i32>load<u16>(source + ((<usize>i) << 1))) {
      jsonFail(reader, ConfigProblem.Malformed);
      return JsonKind.Bad;
    }
    reader.cursor++;
  }
  reader.tokenLength = length;
  return kind;
}

/**
 * Reads the next value: a scalar completely, of an object or array only the opening bracket, after
 * which jsonNextKey or jsonNextItem goes on.
 */
export function jsonValue(reader: JsonReader): JsonKind {
  if (reader.problem != ConfigProblem.None) return JsonKind.Bad;
  const byte = skipSpace(reader);
  reader.tokenPtr = reader.cursor;
  reader.tokenLength = 0;
  switch (byte) {
    case 0x7b:
      return openBracket(reader, JsonKind.Object);
    case 0x5b:
      return openBracket(reader, JsonKind.Array);
    case 0x22:
      return readText(reader) ? JsonKind.Text : JsonKind.Bad;
    case 0x74:
      return readWord(reader, "true", JsonKind.True);
    case 0x66:
      return readWord(reader, "false", JsonKind.False);
    case 0x6e:
      return readWord(reader, "null", JsonKind.Null);
    default:
      return readNumber(reader) ? JsonKind.Number : JsonKind.Bad;
  }
}
