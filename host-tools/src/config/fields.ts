// The contract's description of the configuration as values: one visitor collects what the others
// (schema, validator, defaults, reference) read. They walk data instead of each being a visitor of
// its own, because all of them need the parent of a field, and a visitor only sees the field.

import {
  FieldVisitor,
  RecordKind,
  RECORD_KINDS,
  REQUIRED,
  TextRule,
  describeRecord,
  fieldHelp,
} from "../contract";

interface FieldBase {
  readonly id: number;
  readonly key: string;
  /** One sentence for people. */
  readonly help: string;
  readonly required: boolean;
}
export interface NumberField extends FieldBase {
  readonly kind: "integer" | "real";
  readonly low: number;
  readonly high: number;
  /** Undefined where the field is required. */
  readonly fallback: number | undefined;
}
export interface FlagField extends FieldBase {
  readonly kind: "flag";
  readonly fallback: boolean;
}
export interface ChoiceField extends FieldBase {
  readonly kind: "choice";
  readonly names: readonly string[];
  readonly fallback: string;
}
export interface TextField extends FieldBase {
  readonly kind: "text";
  readonly rule: TextRule;
  readonly lengthMin: number;
  readonly lengthMax: number;
}
export interface RecordsField extends FieldBase {
  readonly kind: "records";
  readonly record: RecordKind;
  readonly countMin: number;
  readonly countMax: number;
}
export interface RecordField extends FieldBase {
  readonly kind: "record";
  readonly record: RecordKind;
}
export interface NamesField extends FieldBase {
  readonly kind: "names";
  readonly countMax: number;
}
export type Field =
  NumberField | FlagField | ChoiceField | TextField | RecordsField | RecordField | NamesField;

class Collector extends FieldVisitor {
  readonly fields: Field[] = [];

  constructor(private readonly of: RecordKind) {
    super();
  }

  integer(id: number, key: string, fallback: number, low: number, high: number): void {
    this.number("integer", id, key, fallback, low, high);
  }

  real(id: number, key: string, fallback: number, low: number, high: number): void {
    this.number("real", id, key, fallback, low, high);
  }

  flag(id: number, key: string, fallback: boolean): void {
    this.fields.push({ ...this.base(id, key, false), kind: "flag", fallback });
  }

  choice(id: number, key: string, names: string, fallback: number): void {
    const list = names.split("|");
    const chosen = list[fallback] ?? list.join();
    this.fields.push({
      ...this.base(id, key, false),
      kind: "choice",
      names: list,
      fallback: chosen,
    });
  }

  text(id: number, key: string, rule: TextRule, lengthMin: number, lengthMax: number): void {
    const base = this.base(id, key, lengthMin > 0);
    this.fields.push({ ...base, kind: "text", rule, lengthMin, lengthMax });
  }

  records(id: number, key: string, record: RecordKind, countMin: number, countMax: number): void {
    const base = this.base(id, key, countMin > 0);
    this.fields.push({ ...base, kind: "records", record, countMin, countMax });
  }

  record(id: number, key: string, record: RecordKind, required: boolean): void {
    this.fields.push({ ...this.base(id, key, required), kind: "record", record });
  }

  names(id: number, key: string, countMax: number): void {
    this.fields.push({ ...this.base(id, key, false), kind: "names", countMax });
  }

  private number(
    kind: "integer" | "real",
    id: number,
    key: string,
    fallback: number,
    low: number,
    high: number,
  ): void {
    const required = fallback === REQUIRED && (fallback < low || fallback > high);
    const given = required ? undefined : fallback;
    this.fields.push({ ...this.base(id, key, required), kind, low, high, fallback: given });
  }

  private base(id: number, key: string, required: boolean): FieldBase {
    return { id, key, required, help: fieldHelp(this.of, id) };
  }
}

const tables: readonly (readonly Field[])[] = Array.from({ length: RECORD_KINDS }, (_, record) => {
  const collector = new Collector(record);
  describeRecord(record, collector);
  return collector.fields;
});

/** Every field of a record, in the contract's order. */
export function fieldsOf(record: RecordKind): readonly Field[] {
  return tables[record] ?? [];
}

/**
 * Whether some field of a record must be given. A record without such fields, when it is missing,
 * means all its defaults; any other one means that there is none.
 */
export function hasRequired(record: RecordKind): boolean {
  return fieldsOf(record).some((field) => field.required);
}

/** The regular expression that a text rule stands for; length is bounded apart from it. */
export function textPattern(rule: TextRule): string {
  switch (rule) {
    case TextRule.Name:
      return "^([A-Za-z0-9][A-Za-z0-9._-]*)?$";
    case TextRule.Token:
      return "^[!-~]*$";
    case TextRule.HeaderName:
      return "^[a-z0-9_-]*$";
    case TextRule.Path:
      return "^(/[!-~]*)?$";
    case TextRule.Sha256:
      return "^[0-9a-f]*$";
    case TextRule.Base64:
      return "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$";
  }
}
