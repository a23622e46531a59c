// Which fields an object uses, and since which Istio the mesh knows them (crd/since.json, see NOTICE).

import { readFileSync } from "node:fs";

const since = JSON.parse(
  readFileSync(new URL("./crd/since.json", import.meta.url), "utf8"),
) as Record<string, Record<string, number>>;

/** Every path below a value, list items as `[]`. */
export function fieldPaths(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldPaths(item, `${path}[]`));
  if (typeof value !== "object" || value === null) return [path];
  const members = Object.entries(value).flatMap(([key, member]) =>
    fieldPaths(member, path === "" ? key : `${path}.${key}`),
  );
  return [path, ...members];
}

/** Fields of an object's spec that came after `1.minor`, with the version that brought them. */
export function laterFields(
  object: { readonly kind: string; readonly spec: unknown },
  minor: number,
): string[] {
  const later = Object.entries(since[object.kind] ?? {}).filter(([, since]) => since > minor);
  const used = new Set(fieldPaths(object.spec));
  return later
    .filter(([field]) => used.has(field))
    .map(([field, since]) => `${object.kind}.${field}: 1.${since}`);
}
