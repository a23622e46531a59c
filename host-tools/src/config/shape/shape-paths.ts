// Every member below a shape with its path: `services.*.routes[].timeout_ms`, where `*` stands for
// a name of the user's choice and `[]` for an item of a list.

import type { AnyShape } from "./shape";

export interface ShapeEntry {
  /** Empty for the shape itself. */
  readonly path: string;
  readonly shape: AnyShape;
}

/** The shape and all members below it, in the order of their description. */
export function shapeEntries(shape: AnyShape, path = ""): ShapeEntry[] {
  return [{ path, shape }, ...membersOf(shape, path).flatMap((one) => below(one))];
}

function below({ path, shape }: ShapeEntry): ShapeEntry[] {
  return shapeEntries(shape, path);
}

/** The members one step below; those of a list or mapping are the items. */
export function membersOf(shape: AnyShape, path: string): ShapeEntry[] {
  const step = (key: string): string => (path === "" ? key : `${path}.${key}`);
  switch (shape.kind) {
    case "record":
      return Object.entries(shape.fields).map(([key, field]) => ({
        path: step(key),
        shape: field,
      }));
    case "map":
      return hasMembers(shape.item) ? [{ path: step("*"), shape: shape.item }] : [];
    case "list":
      return hasMembers(shape.item) ? [{ path: `${path}[]`, shape: shape.item }] : [];
    case "either":
      return [shape.map, shape.list].flatMap((form) =>
        form === undefined ? [] : membersOf(form, path),
      );
    default:
      return [];
  }
}

function hasMembers(shape: AnyShape): boolean {
  return membersOf(shape, "").length > 0;
}

/**
 * The members that a person means: by whole path, with names and indices of an own file or without
 * any, or by its last words.
 */
export function findEntries(root: AnyShape, words: string): ShapeEntry[] {
  const asked = tokensOf(words);
  const entries = shapeEntries(root).slice(1);
  const whole = entries.filter(({ path }) => matches(path.split(/\.|(?=\[)/), asked));
  if (whole.length > 0) return whole.slice(0, 1);
  const last = asked.filter((token) => token !== "*");
  return entries.filter(({ path }) => {
    const own = tokensOf(path).filter((token) => token !== "*");
    return !/(\*|\[\])$/.test(path) && last.every((token, i) => own.at(i - last.length) === token);
  });
}

function tokensOf(words: string): string[] {
  return words.split(/[.[\]]+/).filter((token) => token !== "" && !/^\d+$/.test(token));
}

/** Names may be given, be `*`, or be left out; indices are gone already. */
function matches(path: readonly string[], asked: readonly string[]): boolean {
  const [step, ...rest] = path;
  if (step === undefined) return asked.length === 0;
  if (step === "[]")
    return matches(rest, asked) || (asked[0] === "*" && matches(rest, asked.slice(1)));
  if (step === "*")
    return (asked.length > 0 && matches(rest, asked.slice(1))) || matches(rest, asked);
  return asked[0] === step && matches(rest, asked.slice(1));
}
