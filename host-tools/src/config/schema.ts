// JSON Schema (2020-12) of the compiled configuration, for editors and for anybody who writes a
// pluginConfig by hand. It says what one field may be; rules over several fields, such as unique
// names, are beyond it and stand in validate.ts.

import { NAME_LENGTH_MAX, RecordKind, TextRule } from "../contract";
import { type Field, fieldsOf, textPattern } from "./fields";

export type JsonSchema = { readonly [key: string]: unknown };

const definitionNames: Record<RecordKind, string> = {
  [RecordKind.Root]: "configuration",
  [RecordKind.Route]: "route",
  [RecordKind.Match]: "match",
  [RecordKind.Arm]: "arm",
  [RecordKind.Ejection]: "ejection",
  [RecordKind.Limit]: "limit",
  [RecordKind.LimitValue]: "limit_value",
  [RecordKind.Anomaly]: "anomaly",
  [RecordKind.Model]: "model",
  [RecordKind.Canary]: "canary",
};

const nameSchema: JsonSchema = {
  type: "string",
  minLength: 1,
  maxLength: NAME_LENGTH_MAX,
  pattern: textPattern(TextRule.Name),
};

/** The name under which the reference and the schema know a record. */
export function recordName(record: RecordKind): string {
  return definitionNames[record];
}

/** The whole schema. Null stands for "not given", as in the filter. */
export function pluginConfigSchema(): JsonSchema {
  const definitions: Record<string, JsonSchema> = {};
  for (const record of Object.keys(definitionNames).map(Number)) {
    if (record !== RecordKind.Root) definitions[recordName(record)] = recordSchema(record);
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Ganglion plugin configuration",
    description: "What the filter reads as pluginConfig. Rendered by the tool, seldom by hand.",
    ...recordSchema(RecordKind.Root),
    $defs: definitions,
  };
}

function recordSchema(record: RecordKind): JsonSchema {
  const fields = fieldsOf(record);
  const required = fields.filter((field) => field.required).map((field) => field.key);
  return {
    type: "object",
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(fields.map((field) => [field.key, fieldSchema(field)])),
  };
}

function fieldSchema(field: Field): JsonSchema {
  return { description: field.help, ...fieldValueSchema(field) };
}

/** The schema of one field's value, without its description. */
export function fieldValueSchema(field: Field): JsonSchema {
  // A required field must have a value; any other may also be null.
  const type = (name: string): unknown => (field.required ? name : [name, "null"]);
  switch (field.kind) {
    case "integer":
    case "real":
      return {
        type: type(field.kind === "integer" ? "integer" : "number"),
        minimum: field.low,
        maximum: field.high,
        ...(field.fallback === undefined ? {} : { default: field.fallback }),
      };
    case "flag":
      return { type: type("boolean"), default: field.fallback };
    case "choice":
      return { enum: [...field.names, null], default: field.fallback };
    case "text":
      return {
        type: type("string"),
        minLength: field.lengthMin,
        maxLength: field.lengthMax,
        pattern: textPattern(field.rule),
      };
    case "records":
      return {
        type: type("array"),
        items: { $ref: `#/$defs/${recordName(field.record)}` },
        ...(field.countMin === 0 ? {} : { minItems: field.countMin }),
        maxItems: field.countMax,
      };
    case "record":
      return referenceSchema(field.record, field.required);
    case "names":
      return { type: type("array"), items: nameSchema, maxItems: field.countMax };
  }
}

function referenceSchema(record: RecordKind, required: boolean): JsonSchema {
  const reference = { $ref: `#/$defs/${recordName(record)}` };
  return required ? reference : { anyOf: [reference, { type: "null" }] };
}
