// Istio's own schemas of the objects that we render (crd/, see NOTICE), made strict: a field that
// the schema does not name is an error here, where the API server would drop it without a word.

import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";

// The formats are those of OpenAPI (int32, double), which the types and bounds imply.
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
const cache = new Map<string, ValidateFunction>();

/** What is wrong with an object, one line each. */
export function crdFaults(object: { readonly kind: string }): string[] {
  const validate = validatorOf(object.kind);
  if (validate(object)) return [];
  return (validate.errors ?? []).map((error) => {
    return `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`;
  });
}

function validatorOf(kind: string): ValidateFunction {
  let validate = cache.get(kind);
  if (validate === undefined) {
    const file = new URL(`./crd/${kind.toLowerCase()}.schema.json`, import.meta.url);
    const schema = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    const properties = schema["properties"] as Record<string, unknown>;
    validate = ajv.compile({
      type: "object",
      required: ["apiVersion", "kind", "metadata", "spec"],
      properties: { spec: strict(properties["spec"]) },
    });
    cache.set(kind, validate);
  }
  return validate;
}

function strict(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== "object" || schema === null) return schema;
  const members = schema as Record<string, unknown>;
  const inner = Object.fromEntries(Object.entries(members).map(([key, one]) => [key, strict(one)]));
  const isOpen =
    "additionalProperties" in members || "x-kubernetes-preserve-unknown-fields" in members;
  const isObject = members["type"] === "object" && typeof members["properties"] === "object";
  return isObject && !isOpen ? { ...inner, additionalProperties: false } : inner;
}
