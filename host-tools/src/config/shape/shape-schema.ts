// A shape as JSON Schema (2020-12), for editors. It says what one member may be; rules over several
// members and files are beyond it. Null stands for "left out", as in the reader.

import { fieldValueSchema, type JsonSchema } from "../schema";
import { type Format, LABEL_KEY, LABEL_VALUE } from "./format";
import type { AnyShape, EitherShape, RecordShape } from "./shape";
import { defaultWords, istioWords } from "./shape-words";

export function shapeSchema(shape: AnyShape): JsonSchema {
  const schema = { description: description(shape), ...valueSchema(shape) };
  const { default: fallback } = shape;
  return fallback === undefined ? schema : { ...schema, default: fallback };
}

/** The sentence, and what else a reader wants to know when the pointer rests on the key. */
function description(shape: AnyShape): string {
  const unit = shape.unit === undefined ? [] : [`Unit: ${shape.unit}.`];
  const words = defaultWords(shape);
  const fallback = words === "required" || words === "none" ? [] : [`Default: ${words}.`];
  const istio = istioWords(shape);
  return [shape.help, ...unit, ...fallback, ...(istio === undefined ? [] : [`${istio}.`])].join(
    " ",
  );
}

function valueSchema(shape: AnyShape): JsonSchema {
  switch (shape.kind) {
    case "text":
      return {
        type: "string",
        ...(shape.format === undefined ? {} : formatSchema(shape.format)),
      };
    case "number":
      return {
        type: shape.isWhole ? "integer" : "number",
        minimum: shape.low,
        maximum: shape.high,
      };
    case "flag":
      return { type: "boolean" };
    case "choice":
      return { enum: shape.words };
    case "list":
      return {
        type: "array",
        items: shapeSchema(shape.item),
        ...(shape.countMin > 0 ? { minItems: shape.countMin } : {}),
        ...(shape.countMax < Number.MAX_SAFE_INTEGER ? { maxItems: shape.countMax } : {}),
      };
    case "map":
      return {
        type: "object",
        additionalProperties: itemSchema(shape.item),
        ...(shape.keys === undefined ? {} : { propertyNames: formatSchema(shape.keys) }),
        ...(shape.countMin > 0 ? { minProperties: shape.countMin } : {}),
      };
    case "labels":
      return {
        type: "object",
        additionalProperties: { type: "string", ...formatSchema(LABEL_VALUE) },
        propertyNames: formatSchema(LABEL_KEY),
      };
    case "record":
      return recordSchema(shape);
    case "either":
      return { anyOf: formsOf(shape).map((form) => shapeSchema(form)) };
    case "filter":
      return fieldValueSchema(shape.field);
  }
}

function formatSchema({ pattern, lengthMax }: Format): JsonSchema {
  return { pattern: pattern.source, ...(lengthMax === undefined ? {} : { maxLength: lengthMax }) };
}

function formsOf({ scalar, map, list }: EitherShape): AnyShape[] {
  return [scalar, map, list].flatMap((form) => form ?? []);
}

/** A name with nothing behind it has all defaults, unless something is required. */
function itemSchema(item: AnyShape): JsonSchema {
  const needs = item.kind !== "record" || Object.values(item.fields).some((one) => one.required);
  return needs ? shapeSchema(item) : orNull(shapeSchema(item));
}

function recordSchema({ fields }: RecordShape): JsonSchema {
  const entries = Object.entries(fields);
  const required = entries.filter(([, field]) => field.required).map(([key]) => key);
  const properties = entries.map(([key, field]): [string, JsonSchema] => [
    key,
    field.required ? shapeSchema(field) : orNull(shapeSchema(field)),
  ]);
  return {
    type: "object",
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(properties),
  };
}

function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: words, anyOf } = schema;
  if (Array.isArray(words)) return { ...schema, enum: [...new Set([...words, null])] };
  if (Array.isArray(anyOf)) return { ...schema, anyOf: [...anyOf, { type: "null" }] };
  if (type === undefined) return schema;
  const types = Array.isArray(type) ? type : [type];
  return { ...schema, type: [...new Set([...types, "null"])] };
}
