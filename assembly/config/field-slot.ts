// The fields of a record while it is being read: one slot per field, one row of slots per kind of
// record. JSON keys come in any order (Istio sorts them), so a record can only be judged and stored
// when all of it is known. A row per kind suffices, because no kind of record contains itself.

import { RECORD_KINDS, RecordKind } from "../contract/config";

/** Fields of one record at most. */
export const FIELDS_MAX: i32 = 16;

// @ts-ignore: decorator
@unmanaged
@final
export class FieldSlot {
  /** Value of a number, a flag (0 or 1) or a choice (index). */
  number: f64;
  /** Value of a text. */
  textPtr: usize;
  textLength: i32;
  /** The value as it stands in the source, for the report. */
  tokenPtr: usize;
  tokenLength: i32;
}

const slots: usize = memory.data(offsetof<FieldSlot>() * RECORD_KINDS * FIELDS_MAX, 8);

/** @param id in [0, FIELDS_MAX) */
// @ts-ignore: decorator
@inline
export function slot(record: RecordKind, id: i32): FieldSlot {
  const row = <usize>(record * FIELDS_MAX + (id & (FIELDS_MAX - 1)));
  return changetype<FieldSlot>(slots + row * offsetof<FieldSlot>());
}

/** An empty text, a number 0, nothing in the source. */
export function clearSlot(record: RecordKind, id: i32): void {
  memory.fill(changetype<usize>(slot(record, id)), 0, offsetof<FieldSlot>());
}

export function setNumber(record: RecordKind, id: i32, value: f64): void {
  clearSlot(record, id);
  slot(record, id).number = value;
}

export function setFlag(record: RecordKind, id: i32, value: bool): void {
  setNumber(record, id, value ? 1 : 0);
}

/** The whole number in a slot; the reader has checked that it is one, so the clamp never bites. */
export function integerOf(record: RecordKind, id: i32): i32 {
  return <i32>max<f64>(min<f64>(slot(record, id).number, 2147483647), -1);
}
