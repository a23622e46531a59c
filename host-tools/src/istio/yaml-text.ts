// Objects as YAML that every reader reads alike. Version 1.1 quoting, because kubectl, kustomize
// and many scripts still take `on`, `1_000` and `12:30` for something else than text; no folding
// and no aliases, so that a diff shows what changed and nothing else.

import { Document, Scalar, visit } from "yaml";

const OPTIONS = { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false } as const;
/** Of Go's reader, which takes every underscore out before it looks for a number. */
const GO_NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$|^[-+]?0[xob][\da-f]+$/i;

/** One YAML document without a marker. The same object gives the same text. */
export function yamlText(object: unknown): string {
  const document = new Document(object, OPTIONS);
  visit(document, {
    Scalar: (_, node) => {
      if (isGoNumber(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString(OPTIONS);
}

function isGoNumber(value: unknown): boolean {
  if (typeof value !== "string" || !value.includes("_")) return false;
  return GO_NUMBER.test(value.replaceAll("_", ""));
}

/** Several documents as one stream. */
export function yamlStream(documents: readonly string[]): string {
  return documents.join("---\n");
}
