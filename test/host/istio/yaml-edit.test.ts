// Members put into YAML text and taken out of it: the rest reads as before, and keeps its comments.

import { describe, expect, it } from "vitest";
import { isMap, parseDocument, type YAMLMap } from "yaml";
import {
  applyEdits,
  memberMap,
  removeEdit,
  setEdit,
} from "../../../host-tools/src/istio/yaml-edit";

/** The text without `key` of the map that `path` leads to. */
function without(text: string, path: readonly string[], key: string): string {
  const { contents } = parseDocument(text, { version: "1.1" });
  let map: YAMLMap | undefined = isMap(contents) ? contents : undefined;
  for (const name of path) map = map && memberMap(map, name);
  const edit = map && removeEdit(text, map, key);
  return edit === undefined ? text : applyEdits(text, [edit]);
}

describe("giving a member a value", () => {
  it.each([
    ["in a block", "z: 3 # c\n", "x: true\nz: 3 # c\n"],
    ["in braces", "{ z: 3 }\n", '{ "x": true, z: 3 }\n'],
    ["in empty braces", "{}\n", "{ x: true }\n"],
    ["in place", "x: no # c\nz: 3\n", "x: true # c\nz: 3\n"],
    ["where there was none", "x: # c\nz: 3\n", "x: true # c\nz: 3\n"],
  ])("writes a flag, and no text: %s", (_, text, expected) => {
    const { contents } = parseDocument(text, { version: "1.1" });
    if (!isMap(contents)) throw new Error("no map");
    expect(applyEdits(text, [setEdit(text, contents, "x", true)])).toBe(expected);
    const inner = setEdit(text, contents, "y", { x: true });
    expect(parseDocument(applyEdits(text, [inner])).toJSON()).toMatchObject({ y: { x: true } });
  });
});

describe("taking a member out of a map", () => {
  it.each([
    ["the only one", "a:\n  x: 1\nb: 2\n", "a:\n  {}\nb: 2\n"],
    ["the only one, which is a list", "a:\n  x:\n    - 1\nb: 2\n", "a:\n  {}\nb: 2\n"],
    [
      "the only one, among comments",
      "a:\n  # of x\n  x: 1 # why\n\n# of b\nb: 2\n",
      "a:\n  # of x\n  {} # why\n\n# of b\nb: 2\n",
    ],
    ["the only one, at the end of the file", "b: 2\na:\n  x: 1", "b: 2\na:\n  {}"],
    ["the only one, in braces", "a: { x: 1 }\nb: 2\n", "a: {}\nb: 2\n"],
    ["the first", "a:\n  x: { y: 1 }\n  z: 3\n", "a:\n  z: 3\n"],
    ["the first, in braces", "a: { x: 1, z: 3 }\n", "a: { z: 3 }\n"],
    [
      "the last, before a comment of the next",
      "a:\n  z: 3\n  x:\n    # in x\n    y: 1\n\n# of b\nb: 2\n",
      "a:\n  z: 3\n\n# of b\nb: 2\n",
    ],
    [
      "one with many empty lines in it",
      `a:\n  x:\n    y: 1\n${"\n".repeat(200)}    w: 2\n  z: 3\n`,
      "a:\n  z: 3\n",
    ],
    [
      "the last, with line ends of Windows",
      "a:\r\n  z: 3\r\n  x: 1\r\n# b\r\n",
      "a:\r\n  z: 3\r\n# b\r\n",
    ],
    ["the last, in braces", "a: { z: 3, x: [1] }\n", "a: { z: 3 }\n"],
    ["one that is not there", "a:\n  z: 3\n", "a:\n  z: 3\n"],
  ])("leaves the rest: %s", (_, text, expected) => {
    expect(without(text, ["a"], "x")).toBe(expected);
    const { x: _x, ...rest } = (parseDocument(text).toJSON() as { a: { x?: unknown } }).a;
    expect((parseDocument(expected).toJSON() as { a: object }).a).toEqual(rest);
  });
});
