// A configuration with every default written out, as the filter sees it: what `ganglion render
// --explain` shows, and what the reference tables are made of.

import { RecordKind } from "../contract";
import { type Field, fieldsOf, hasRequired } from "./fields";
import type { PluginConfig } from "./plugin-config";

/** The default of a field, undefined where it is required or a record that may be missing. */
export function defaultOf(field: Field): unknown {
  switch (field.kind) {
    case "integer":
    case "real":
    case "flag":
    case "choice":
      return field.fallback;
    case "text":
      return field.required ? undefined : "";
    case "records":
    case "names":
      return field.required ? undefined : [];
    case "record":
      return hasRequired(field.record) ? undefined : {};
  }
}

/** The configuration with every default in its place. Expects a valid configuration. */
export function withDefaults(config: PluginConfig): Record<string, unknown> {
  return complete(RecordKind.Root, config as unknown as Record<string, unknown>);
}

function complete(record: RecordKind, given: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const field of fieldsOf(record)) {
    const value = given[field.key] ?? defaultOf(field);
    if (value === undefined) continue;
    result[field.key] = completeValue(field, value);
  }
  return result;
}

function completeValue(field: Field, value: unknown): unknown {
  if (field.kind === "record") {
    return complete(field.record, value as Record<string, unknown>);
  }
  if (field.kind === "records") {
    return (value as Record<string, unknown>[]).map((item) => complete(field.record, item));
  }
  return value;
}
