// Reads one record of the configuration: each key is looked up in the contract's description, its
// value is checked against what stands there, and the whole is handed to record-store.ts. Knows the
// kinds of field, not the fields.

import { RecordKind, TextRule } from "../contract/config";
import { ConfigProblem } from "../contract/config-problem";
import { NAME_LENGTH_MAX, TEXT_BYTES_MAX } from "../contract/limits";
import { addFallback } from "./fallback";
import { FieldKind } from "./field-lookup";
import { slot } from "./field-slot";
import { JsonKind, jsonNextItem, jsonNextKey, jsonValue } from "./json";
import {
  keepText,
  lookup,
  parsing,
  reader,
  refuse,
  refuseKey,
  refuseSyntax,
  refuseValue,
} from "./parsing";
import { enterIndex, enterKey, leavePlace } from "./place";
import { openRecord, roomFor, storeRecord } from "./record-store";
import { checkText } from "./text-rule";

/** The digest of the artifact, should it have come with escapes: the scratch does not last. */
const digestText: usize = memory.data(64, 8);

/**
 * Reads the record whose opening brace has just been read, and stores it.
 * The depth of the recursion is that of the description, at most five.
 */
export function readRecord(record: RecordKind): bool {
  lookup.defaults(record);
  openRecord(record);
  let seen: u32 = 0;
  let given: u32 = 0;
  // A key that is unknown or comes again ends the loop, so it runs once per field at most.
  while (jsonNextKey(reader)) {
    if (!lookup.byKey(record, reader.textPtr, reader.textLength)) return refuseKey();
    enterKey(lookup.key);
    const bit: u32 = 1 << lookup.id;
    if (seen & bit) return refuse(ConfigProblem.DuplicateKey);
    seen |= bit;
    const kind = jsonValue(reader);
    if (kind == JsonKind.Bad) return refuseSyntax();
    if (kind != JsonKind.Null) {
      given |= bit;
      if (!readField(record, kind)) return false;
    }
    leavePlace();
  }
  if (reader.problem != ConfigProblem.None) return refuseSyntax();
  if (lookup.missing(record, given)) {
    enterKey(lookup.key);
    return refuse(ConfigProblem.Missing);
  }
  return storeRecord(record);
}

/** Checks and keeps the value just read, for the field that the lookup has found. */
function readField(record: RecordKind, kind: JsonKind): bool {
  const field = slot(record, lookup.id);
  field.tokenPtr = reader.tokenPtr;
  field.tokenLength = reader.tokenLength;
  switch (lookup.kind) {
    case FieldKind.Integer:
    case FieldKind.Real:
      return readBounded(record, kind, lookup.kind == FieldKind.Integer);
    case FieldKind.Flag:
      if (kind != JsonKind.True && kind != JsonKind.False) {
        return refuseValue(ConfigProblem.NotFlag);
      }
      field.number = kind == JsonKind.True ? 1 : 0;
      return true;
    case FieldKind.Choice:
      return readChoice(record, kind);
    case FieldKind.Text:
      return readTextField(record, kind);
    case FieldKind.Records:
      return readRecords(kind);
    case FieldKind.Record:
      if (kind != JsonKind.Object) return refuseValue(ConfigProblem.NotRecord);
      return readRecord(lookup.child);
    default:
      return readNames(kind);
  }
}

function readBounded(record: RecordKind, kind: JsonKind, whole: bool): bool {
  const value = reader.number;
  let fits = kind == JsonKind.Number && value >= lookup.low && value <= lookup.high;
  if (whole && fits) fits = floor<f64>(value) == value;
  // Minus zero equals zero in every comparison, but nobody means it.
  if (!fits || reinterpret<i64>(value) < 0) {
    return refuseValue(boundProblem(whole), lookup.low, lookup.high);
  }
  slot(record, lookup.id).number = value;
  return true;
}

function boundProblem(whole: bool): ConfigProblem {
  if (lookup.low == lookup.high) return ConfigProblem.NotExactly;
  return whole ? ConfigProblem.NotInteger : ConfigProblem.NotNumber;
}

function readChoice(record: RecordKind, kind: JsonKind): bool {
  const index = kind == JsonKind.Text ? choiceIndex(lookup.choices) : -1;
  if (index < 0) {
    parsing.report.names = changetype<usize>(lookup.choices);
    return refuseValue(ConfigProblem.NotChoice);
  }
  slot(record, lookup.id).number = <f64>index;
  return true;
}

/** Index of the text just read among names separated by `|`, -1 when it is none of them. */
function choiceIndex(names: string): i32 {
  const source = changetype<usize>(names);
  const length = names.length;
  let index = 0;
  let from = 0;
  for (let at = 0; at <= length; at++) {
    if (at < length && load<u16>(source + ((<usize>at) << 1)) != 0x7c) continue;
    if (nameIs(source + ((<usize>from) << 1), at - from)) return index;
    from = at + 1;
    index++;
  }
  return -1;
}

/** Compares UTF-16 units of a static string with the text just read. */
function nameIs(units: usize, length: i32): bool {
  if (length != reader.textLength) return false;
  for (let i: usize = 0, n = <usize>length; i < n; i++) {
    if (load<u16>(units + (i << 1)) != load<u8>(reader.textPtr + i)) return false;
  }
  return true;
}

function readTextField(record: RecordKind, kind: JsonKind): bool {
  if (kind != JsonKind.Text) return refuseValue(ConfigProblem.NotText);
  const length = reader.textLength;
  if (<f64>length < lookup.low || <f64>length > lookup.high) {
    if (lookup.rule == TextRule.Sha256) return refuseValue(ConfigProblem.NotSha256);
    return refuseValue(ConfigProblem.TextLength, lookup.low, lookup.high);
  }
  const problem = checkText(lookup.rule, reader.textPtr, length);
  if (problem != ConfigProblem.None) return refuseValue(problem);
  const kept = placeText(lookup.rule, length);
  if (kept == 0) return false;
  slot(record, lookup.id).textPtr = kept;
  slot(record, lookup.id).textLength = length;
  return true;
}

/** Where the text just read stays: base64 in the source, the digest aside, else in the block. */
function placeText(rule: TextRule, length: i32): usize {
  if (rule == TextRule.Base64) {
    if (!reader.escaped) return reader.textPtr;
    refuseValue(ConfigProblem.NotBase64);
    return 0;
  }
  if (rule == TextRule.Sha256) {
    memory.copy(digestText, reader.textPtr, min<i32>(length, 64));
    return digestText;
  }
  const kept = keepText(reader.textPtr, length);
  if (kept == 0) refuse(ConfigProblem.TextFull, <f64>TEXT_BYTES_MAX);
  return kept;
}

function readRecords(kind: JsonKind): bool {
  if (kind != JsonKind.Array) return refuseValue(ConfigProblem.NotList);
  // Reading an item turns the lookup to other fields.
  const child = lookup.child;
  const low = lookup.low;
  const high = lookup.high;
  let count = 0;
  while (jsonNextItem(reader)) {
    if (<f64>count >= high) return refuse(ConfigProblem.ListLength, high);
    enterIndex(count);
    const item = jsonValue(reader);
    if (item == JsonKind.Bad) return refuseSyntax();
    if (item != JsonKind.Object) return refuseValue(ConfigProblem.NotRecord);
    const room = roomFor(child);
    if (room <= 0) return refuse(ConfigProblem.TooManyInAll, <f64>-room);
    if (!readRecord(child)) return false;
    leavePlace();
    count++;
  }
  if (reader.problem != ConfigProblem.None) return refuseSyntax();
  return <f64>count >= low || refuse(ConfigProblem.ListLength, high);
}

/** The fallback order: an array of arm names, resolved when the route is complete. */
function readNames(kind: JsonKind): bool {
  if (kind != JsonKind.Array) return refuseValue(ConfigProblem.NotList);
  const high = lookup.high;
  let count = 0;
  while (jsonNextItem(reader)) {
    if (<f64>count >= high) return refuse(ConfigProblem.ListLength, high);
    enterIndex(count);
    const item = jsonValue(reader);
    if (item == JsonKind.Bad) return refuseSyntax();
    if (item != JsonKind.Text) return refuseValue(ConfigProblem.NotText);
    const length = reader.textLength;
    if (length < 1 || length > NAME_LENGTH_MAX) {
      return refuseValue(ConfigProblem.TextLength, 1, <f64>NAME_LENGTH_MAX);
    }
    const problem = checkText(TextRule.Name, reader.textPtr, length);
    if (problem != ConfigProblem.None) return refuseValue(problem);
    addFallback(reader.textPtr, length, reader.tokenPtr, reader.tokenLength);
    leavePlace();
    count++;
  }
  return reader.problem == ConfigProblem.None || refuseSyntax();
}
