// Values made from a description: ones that fit, and ones with a single member that does not.

import fc from "fast-check";
import type { Field } from "../../../host-tools/src/config/fields";
import { textPattern } from "../../../host-tools/src/config/fields";
import { fits, type Format } from "../../../host-tools/src/config/shape/format";
import type {
  AnyShape,
  MapShape,
  RecordShape,
  Shape,
} from "../../../host-tools/src/config/shape/shape";

type Values = fc.Arbitrary<unknown>;

/** A shape without its rules over several members, which a description of one member cannot keep. */
export function withoutRules<T>(shape: Shape<T>): Shape<T> {
  return plain(shape) as Shape<T>;
}

function plain(shape: AnyShape): AnyShape {
  switch (shape.kind) {
    case "record": {
      const { check: _, ...rest } = shape;
      const fields = Object.entries(shape.fields).map(([key, one]) => [key, plain(one)] as const);
      return { ...rest, fields: Object.fromEntries(fields) };
    }
    case "list":
    case "map":
      return { ...shape, item: plain(shape.item) };
    case "either":
      return {
        ...shape,
        ...(shape.map === undefined ? {} : { map: plain(shape.map) }),
        ...(shape.list === undefined ? {} : { list: plain(shape.list) }),
      };
    default:
      return shape;
  }
}

/** Values that the description accepts. */
export function fittingValue(shape: AnyShape): Values {
  switch (shape.kind) {
    case "text":
      return shape.format === undefined
        ? fc.stringMatching(/^[ -~]{0,12}$/)
        : formattedText(shape.format);
    case "number":
      return shape.isWhole
        ? fc.integer({ min: shape.low, max: shape.high })
        : fc.double({ min: shape.low, max: shape.high, noNaN: true }).map((one) => one + 0);
    case "flag":
      return fc.boolean();
    case "choice":
      return fc.constantFrom(...shape.words);
    case "list":
      return fc.array(fittingValue(shape.item), {
        minLength: shape.countMin,
        maxLength: Math.min(shape.countMax, Math.max(2, shape.countMin)),
      });
    case "map":
      return mapValue(shape);
    case "labels":
      return fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.stringMatching(/^[a-z]{1,5}$/));
    case "record":
      return recordValue(shape);
    case "either": {
      const forms = [shape.scalar, shape.map, shape.list];
      return fc.oneof(...forms.flatMap((one) => (one === undefined ? [] : [fittingValue(one)])));
    }
    case "filter":
      return fieldValue(shape.field);
  }
}

function formattedText(format: Format): fc.Arbitrary<string> {
  return fc.stringMatching(format.pattern, { size: "small" }).filter((text) => fits(text, format));
}

function mapValue(shape: MapShape): Values {
  const keys = fc
    .stringMatching(shape.keys?.pattern ?? /^[a-z]{1,6}$/, { size: "small" })
    .filter((key) => key !== "__proto__");
  return fc.dictionary(keys, fittingValue(shape.item), {
    minKeys: Math.max(1, shape.countMin),
    maxKeys: Math.max(2, shape.countMin),
  });
}

function recordValue({ fields }: RecordShape): Values {
  const model = Object.entries(fields).map(([key, field]) => [key, fittingValue(field)] as const);
  const required = Object.keys(fields).filter((key) => fields[key]?.required);
  return fc.record(Object.fromEntries(model), { requiredKeys: required as never[] });
}

function fieldValue(field: Field): Values {
  switch (field.kind) {
    case "integer":
      return fc.integer({ min: field.low, max: field.high });
    case "real":
      return fc.double({ min: field.low, max: field.high, noNaN: true });
    case "flag":
      return fc.boolean();
    case "choice":
      return fc.constantFrom(...field.names);
    case "text":
      return fc
        .stringMatching(new RegExp(textPattern(field.rule)), { size: "small" })
        .filter((text) => text.length >= field.lengthMin && text.length <= field.lengthMax);
    case "names":
      return fc.array(fc.stringMatching(/^[a-z]{1,5}$/), { maxLength: 2 });
    default:
      throw new Error(`no policy has ${field.key} as one value`);
  }
}

/** Values of a record with one member that the description refuses. */
export function wrongValue(shape: AnyShape): Values {
  if (shape.kind !== "record") throw new Error("only records have members");
  return fittingValue(shape).chain((value) => {
    const options = wrongMembers(shape, value as Record<string, unknown>);
    return fc.oneof(...options);
  });
}

function wrongMembers(shape: RecordShape, value: Record<string, unknown>): Values[] {
  const unknown = fc.constant({ ...value, frobnicate: 1 });
  const wrong = Object.entries(shape.fields).flatMap(([key, field]): Values[] => {
    const bad = wrongOf(field, value[key]);
    return bad === undefined ? [] : [bad.map((one) => ({ ...value, [key]: one }))];
  });
  const missing = Object.keys(shape.fields)
    .filter((key) => shape.fields[key]?.required)
    .map((key) =>
      fc.constant(Object.fromEntries(Object.entries(value).filter(([k]) => k !== key))),
    );
  return [unknown, ...wrong, ...missing];
}

function wrongOf(shape: AnyShape, value: unknown): Values | undefined {
  switch (shape.kind) {
    case "text":
      return fc.constantFrom<unknown>(7, true, [], {});
    case "number":
      return fc.constantFrom<unknown>(shape.low - 1, shape.high + 1, "1", [], true);
    case "flag":
      return fc.constantFrom<unknown>("true", 1, []);
    case "choice":
      return fc.constantFrom<unknown>("frobnicate", -7, {});
    case "list":
      return fc.constantFrom<unknown>("a", 1, {});
    case "map":
    case "labels":
      return fc.constantFrom<unknown>("a", []);
    case "record":
      return value === undefined
        ? fc.constantFrom<unknown>("a", [])
        : fc.oneof(...wrongMembers(shape, value as Record<string, unknown>));
    case "either":
      return shape.list === undefined ? fc.constant<unknown>([1]) : undefined;
    case "filter":
      // Bounds are kept by the compiled form, and scalars pass the reader.
      return shape.field.kind === "names" ? undefined : fc.constant<unknown>([]);
  }
}
