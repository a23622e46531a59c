// Asks the contract's description about fields: which field has this key, which required one is
// missing, what are the defaults. One visitor with a goal, walked through the few fields of a
// record each time, instead of a table of fields: AssemblyScript has no literal for such a table,
// and the contract must stay the only place that lists them.

import { FieldVisitor, RecordKind, TextRule, describeRecord } from "../contract/config";
import { clearSlot, setFlag, setNumber } from "./field-slot";

export enum FieldKind {
  None = 0,
  Integer = 1,
  Real = 2,
  Flag = 3,
  Choice = 4,
  Text = 5,
  Records = 6,
  Record = 7,
  Names = 8,
}

enum Goal {
  ByKey = 0,
  ById = 1,
  Missing = 2,
  Defaults = 3,
}


@final
export class FieldLookup extends FieldVisitor {
  private goal: Goal = Goal.ByKey;
  private keyPtr: usize = 0;
  private keyLength: i32 = 0;
  private wanted: i32 = 0;
  private seen: u32 = 0;
  private current: RecordKind = RecordKind.Root;

  /** What was found; None when nothing was. */
  kind: FieldKind = FieldKind.None;
  id: i32 = 0;
  key: string = "";
  /** Bounds of a number, of a text's length, or of a list's count. */
  low: f64 = 0;
  high: f64 = 0;
  choices: string = "";
  rule: TextRule = TextRule.Name;
  child: RecordKind = RecordKind.Root;

  /** Finds the field that has a key. */
  byKey(record: RecordKind, key: usize, length: i32): bool {
    this.keyPtr = key;
    this.keyLength = length;
    return this.walk(record, Goal.ByKey);
  }

  /** Finds the field that has an id. */
  byId(record: RecordKind, id: i32): bool {
    this.wanted = id;
    return this.walk(record, Goal.ById);
  }

  /** Finds the first required field that is not in `seen` (bit per id). */
  missing(record: RecordKind, seen: u32): bool {
    this.seen = seen;
    return this.walk(record, Goal.Missing);
  }

  /** Sets every slot of a record, and of the single records in it, to its default. */
  defaults(record: RecordKind): void {
    this.walk(record, Goal.Defaults);
  }

  private walk(record: RecordKind, goal: Goal): bool {
    this.goal = goal;
    this.kind = FieldKind.None;
    this.current = record;
    describeRecord(record, this);
    return this.kind != FieldKind.None;
  }

  /** True when this is the field that the goal asks for. */
  private select(kind: FieldKind, id: i32, key: string, required: bool): bool {
    if (this.kind != FieldKind.None) return false;
    if (this.goal == Goal.Missing) {
      if (!required || (this.seen >> (<u32>id)) & 1) return false;
    } else if (this.goal == Goal.ById) {
      if (this.wanted != id) return false;
    } else if (!keyEquals(key, this.keyPtr, this.keyLength)) {
      return false;
    }
    this.kind = kind;
    this.id = id;
    this.key = key;
    return true;
  }

  private number(kind: FieldKind, id: i32, key: string, fallback: f64, low: f64, high: f64): void {
    if (this.goal == Goal.Defaults) return setNumber(this.current, id, fallback);
    if (!this.select(kind, id, key, fallback < 0 && fallback < low)) return;
    this.low = low;
    this.high = high;
  }

  integer(id: i32, key: string, fallback: f64, low: f64, high: f64): void {
    this.number(FieldKind.Integer, id, key, fallback, low, high);
  }

  real(id: i32, key: string, fallback: f64, low: f64, high: f64): void {
    this.number(FieldKind.Real, id, key, fallback, low, high);
  }

  flag(id: i32, key: string, fallback: bool): void {
    if (this.goal == Goal.Defaults) return setFlag(this.current, id, fallback);
    this.select(FieldKind.Flag, id, key, false);
  }

  choice(id: i32, key: string, names: string, fallback: i32): void {
    if (this.goal == Goal.Defaults) return setNumber(this.current, id, <f64>fallback);
    if (this.select(FieldKind.Choice, id, key, fallback < 0)) this.choices = names;
  }

  text(id: i32, key: string, rule: TextRule, lengthMin: i32, lengthMax: i32): void {
    if (this.goal == Goal.Defaults) return clearSlot(this.current, id);
    if (!this.select(FieldKind.Text, id, key, lengthMin > 0)) return;
    this.rule = rule;
    this.low = lengthMin;
    this.high = lengthMax;
  }

  records(id: i32, key: string, record: RecordKind, countMin: i32, countMax: i32): void {
    if (this.goal == Goal.Defaults) return clearSlot(this.current, id);
    if (!this.select(FieldKind.Records, id, key, countMin > 0)) return;
    this.child = record;
    this.low = countMin;
    this.high = countMax;
  }

  record(id: i32, key: string, record: RecordKind, required: bool): void {
    if (this.goal == Goal.Defaults) {
      clearSlot(this.current, id);
      const outer = this.current;
      this.current = record;
      describeRecord(record, this);
      this.current = outer;
      return;
    }
    if (this.select(FieldKind.Record, id, key, required)) this.child = record;
  }

  names(id: i32, key: string, countMax: i32): void {
    if (this.goal == Goal.Defaults) return clearSlot(this.current, id);
    if (!this.select(FieldKind.Names, id, key, false)) return;
    this.low = 0;
    this.high = countMax;
  }
}

/** True when a key of the description equals the bytes of a key. */
function keyEquals(key: string, bytes: usize, length: i32): bool {
  if (key.length != length) return false;
  const source = changetype<usize>(key);
  for (let i = 0; i < length; i++) {
    if (load<u16>(source + ((<usize>i) << 1)) != load<u8>(bytes + <usize>i)) return false;
  }
  return true;
}
