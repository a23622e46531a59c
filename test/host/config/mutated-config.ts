// A valid configuration with one value, anywhere in it, replaced by something that is often wrong.

import fc from "fast-check";

type Json = unknown;

const strange: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    "",
    " ",
    "a b",
    "x".repeat(64),
    "/",
    "GET",
    [],
    {},
    [1],
    [null],
  ),
  fc.constantFrom(-1, 0.5, 0, 1, 1000, 1001, 65, 1e6, 1000001, 2 ** 53),
  fc.constantFrom(
    "enforce",
    "shadow",
    "inherit",
    "tag",
    "é",
    "UPPER",
    "lower",
    "0".repeat(64),
    "AAAA",
  ),
  fc.integer({ min: -10, max: 2000 }),
  fc.record({ name: fc.constantFrom("a", "b") }),
);

/** Replaces, removes or adds one member or item at a random place. */
export function mutated<T>(valid: fc.Arbitrary<T>): fc.Arbitrary<Json> {
  return fc
    .tuple(valid, fc.nat(), fc.nat({ max: 9 }), strange)
    .map(([config, where, how, value]) => {
      const copy = JSON.parse(JSON.stringify(config)) as Json;
      const places = placesOf(copy);
      const place = places[where % places.length];
      if (place !== undefined) change(place, how, value);
      return copy;
    });
}

interface Place {
  readonly parent: Record<string, Json> | Json[];
  readonly key: string | number;
}

function placesOf(value: Json): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const parent = value as Record<string, Json>;
  const keys = Array.isArray(value) ? value.map((_, index) => index) : Object.keys(parent);
  return keys.flatMap((key) => [{ parent, key }, ...placesOf(parent[key])]);
}

function change({ parent, key }: Place, how: number, value: Json): void {
  if (Array.isArray(parent)) {
    if (how === 0) parent.push(parent[Number(key)]);
    else parent[Number(key)] = value;
    return;
  }
  if (how === 0) delete parent[key];
  else if (how === 1) parent["unknown"] = value;
  else parent[key] = value;
}
