// Objects as YAML that every reader reads alike. Version 1.1 quoting, because kubectl, kustomize
// and many scripts still take `on`, `1_000` and `12:30` for something else than text; no folding
// and no aliases, so that a diff shows what changed and nothing else.

import { stringify } from "yaml";

/** One YAML document without a marker. The same object gives the same text. */
export function yamlText(object: unknown): string {
  return stringify(object, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });
}

/** Several documents as one stream. */
export function yamlStream(documents: readonly string[]): string {
  return documents.join("---\n");
}
