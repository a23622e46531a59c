// The visitor that asks the contract's description about fields.

import { FieldKind, FieldLookup } from "../../../assembly/config/field-lookup";
import { FIELDS_MAX, integerOf, slot } from "../../../assembly/config/field-slot";
import {
  AnomalyAct,
  AnomalyField,
  EjectionField,
  LimitField,
  Mode,
  RECORD_KINDS,
  RecordKind,
  RootField,
  RouteField,
} from "../../../assembly/contract/config";
import { bytesOf, lengthOf } from "./source-text";

const lookup = new FieldLookup();

function find(record: RecordKind, key: string): bool {
  return lookup.byKey(record, bytesOf(key), lengthOf(key));
}

describe("the field lookup", () => {
  it("finds a field by its key, with its bounds", () => {
    expect(find(RecordKind.Limit, "burst")).toBe(true);
    expect(lookup.kind).toBe(FieldKind.Integer);
    expect(lookup.id).toBe(LimitField.Burst);
    expect(lookup.low).toBe(1);
    expect(lookup.high).toBe(1000000);
  });

  it("finds neither a field of another record nor a part of a key", () => {
    expect(find(RecordKind.Root, "burst")).toBe(false);
    expect(find(RecordKind.Limit, "burs")).toBe(false);
    expect(find(RecordKind.Limit, "bursts")).toBe(false);
    expect(find(RecordKind.Limit, "")).toBe(false);
  });

  it("finds a field by its id", () => {
    expect(lookup.byId(RecordKind.Route, RouteField.Fallback)).toBe(true);
    expect(lookup.key).toBe("fallback");
    expect(lookup.byId(RecordKind.Route, 15)).toBe(false);
  });

  it("names the first required field that was not seen", () => {
    expect(lookup.missing(RecordKind.Limit, 1 << LimitField.Name)).toBe(true);
    expect(lookup.key).toBe("requests_per_second");
    expect(lookup.missing(RecordKind.Root, 1 << RootField.Version)).toBe(false);
    expect(lookup.missing(RecordKind.Match, 0)).toBe(false);
  });

  it("sets the defaults of a record and of the single records in it", () => {
    slot(RecordKind.Route, RouteField.Name).textLength = 5;
    lookup.defaults(RecordKind.Route);
    expect(slot(RecordKind.Route, RouteField.Name).textLength).toBe(0);
    expect(integerOf(RecordKind.Route, RouteField.Mode)).toBe(Mode.Inherit);
    expect(integerOf(RecordKind.Ejection, EjectionField.DurationMs)).toBe(10000);
    expect(integerOf(RecordKind.Anomaly, AnomalyField.Act)).toBe(AnomalyAct.Tag);
  });

  it("has a slot for every field that the contract describes", () => {
    for (let record = 0; record < RECORD_KINDS; record++) {
      for (let id = FIELDS_MAX; id < 32; id++) {
        expect(lookup.byId(record, id)).toBe(false, `record ${record} has a field ${id}`);
      }
    }
  });
});
