// What a shape is, in the words of `explain` and of the reference page.

import { TextRule } from "../../contract";
import type { Field } from "../fields";
import type { Format } from "./format";
import type { AnyShape } from "./shape";

/** The kind of value with its bounds: `whole number in [1, 65535]`. */
export function shapeWords(shape: AnyShape): string {
  switch (shape.kind) {
    case "text":
      return textWords(shape.format);
    case "number": {
      const unit = shape.unit === undefined ? "" : ` ${shape.unit}`;
      return `${shape.isWhole ? "whole number" : "number"} in [${shape.low}, ${shape.high}]${unit}`;
    }
    case "flag":
      return "true or false";
    case "choice":
      return shape.words.join(", ");
    case "list":
      return `list of ${plainWords(shape.item)}${countWords(shape.countMin, shape.countMax)}`;
    case "map":
      return `mapping of names to ${plainWords(shape.item)}${countWords(shape.countMin)}`;
    case "labels":
      return "mapping of texts";
    case "record":
      return "mapping";
    case "either":
      return [shape.scalar, shape.map, shape.list]
        .flatMap((form) => (form === undefined ? [] : shapeWords(form)))
        .join(", or ");
    case "filter":
      return fieldWords(shape.field);
  }
}

function textWords(format: Format | undefined): string {
  if (format === undefined) return "text";
  return format.form ?? `text, ${format.pattern.source}`;
}

/** Of the items of a list, where bounds would be too much. */
function plainWords(shape: AnyShape): string {
  if (shape.kind === "text") return "texts";
  if (shape.kind === "record") return "mappings";
  return shapeWords(shape);
}

function countWords(low: number, high: number = Number.MAX_SAFE_INTEGER): string {
  const least = low > 0 ? `, at least ${low}` : "";
  return high < Number.MAX_SAFE_INTEGER ? `${least}, at most ${high}` : least;
}

function fieldWords(field: Field): string {
  switch (field.kind) {
    case "integer":
      return `whole number in [${field.low}, ${field.high}]`;
    case "real":
      return `number in [${field.low}, ${field.high}]`;
    case "flag":
      return "true or false";
    case "choice":
      return field.names.join(", ");
    case "text":
      return ruleWords(field.rule);
    case "records":
    case "names":
      return "list";
    case "record":
      return "mapping";
  }
}

function ruleWords(rule: TextRule): string {
  switch (rule) {
    case TextRule.Name:
      return "name";
    case TextRule.Token:
      return "text without spaces";
    case TextRule.HeaderName:
      return "lower-case header name";
    case TextRule.Path:
      return "path";
    case TextRule.Sha256:
    case TextRule.Base64:
      return "text";
  }
}

/** What holds where the member is left out; `required` where it cannot be. */
export function defaultWords(shape: AnyShape): string {
  if (shape.required === true) return "required";
  if (shape.default !== undefined) return valueWords(shape.default);
  if (shape.otherwise !== undefined) return shape.otherwise;
  if (shape.kind === "filter" && "fallback" in shape.field) return String(shape.field.fallback);
  return "none";
}

function valueWords(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
}

/** `Istio 1.27 or newer`; undefined where every supported version knows the member. */
export function istioWords(shape: AnyShape): string | undefined {
  return shape.istioMinor === undefined ? undefined : `Istio 1.${shape.istioMinor} or newer`;
}
