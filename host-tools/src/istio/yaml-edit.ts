// Changes single values in YAML text and leaves every other byte alone: comments, order, quotes and
// the documents beside it. Printing the parsed document again would keep the comments, but reflow
// the rest, and a reviewer of a weights push must see the weights and nothing else.

import { isMap, isScalar, type Pair, type YAMLMap } from "yaml";
import { yamlText } from "./yaml-text";

/** A replacement of text[from, to). */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

type Scalar = string | number | boolean;
/** A scalar, or one level of scalars. */
type NewValue = Scalar | Readonly<Record<string, Scalar>>;

/** Applies edits that do not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = text;
  for (const edit of [...edits].sort((a, b) => b.from - a.from)) {
    result = result.slice(0, edit.from) + edit.text + result.slice(edit.to);
  }
  return result;
}

/**
 * The edit that gives `key` of this map the value: in place where the key is there, else as a new
 * first member.
 *
 * @param text the text that the map was parsed from
 */
export function setEdit(text: string, map: YAMLMap, key: string, value: NewValue): Edit {
  const pair = pairOf(map, key);
  const range = pair === undefined ? undefined : rangeOf(pair.value);
  if (range !== undefined && range.from < range.to) {
    return { from: range.from, to: ownEnd(text, range), text: inlineText(value) };
  }
  if (pair !== undefined) {
    // `key:` with nothing behind it: right after the colon, before spaces and comment.
    const colon = text.indexOf(":", rangeOf(pair.key)?.to ?? 0) + 1;
    return { from: colon, to: colon, text: ` ${inlineText(value)}` };
  }
  const first = map.items[0];
  const at = first === undefined ? undefined : rangeOf(first.key)?.from;
  if (at === undefined) return { ...wholeRange(map), text: `{ ${key}: ${inlineText(value)} }` };
  if (map.flow) return { from: at, to: at, text: `${JSON.stringify(key)}: ${inlineText(value)}, ` };
  const indent = " ".repeat(at - (text.lastIndexOf("\n", at - 1) + 1));
  return { from: at, to: at, text: `${key}:${blockText(value, indent)}\n${indent}` };
}

/** The member's value where it is a map. */
export function memberMap(map: YAMLMap, key: string): YAMLMap | undefined {
  const value = pairOf(map, key)?.value;
  return isMap(value) ? value : undefined;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((item) => isScalar(item.key) && item.key.value === key);
}

function rangeOf(node: unknown): { from: number; to: number } | undefined {
  const range = (node as { range?: [number, number, number] | null } | null)?.range;
  return range ? { from: range[0], to: range[1] } : undefined;
}

function wholeRange(map: YAMLMap): { from: number; to: number } {
  return rangeOf(map) ?? { from: 0, to: 0 };
}

function scalarText(value: Scalar): string {
  return yamlText(value).trimEnd();
}

/** On one line, valid within flow and block collections and in JSON. */
function inlineText(value: NewValue): string {
  return JSON.stringify(value);
}

/** What follows the colon. */
function blockText(value: NewValue, indent: string): string {
  if (typeof value !== "object") return ` ${scalarText(value)}`;
  const members = Object.entries(value).map(([key, one]) => `${key}: ${scalarText(one)}`);
  return members.map((member) => `\n${indent}  ${member}`).join("");
}

/**
 * The edit that takes `key` out of this map, with the comments inside of it; undefined where it is not there.
 *
 * @param text the text that the map was parsed from
 */
export function removeEdit(text: string, map: YAMLMap, key: string): Edit | undefined {
  const pair = pairOf(map, key);
  const from = rangeOf(pair?.key)?.from;
  if (pair === undefined || from === undefined) return undefined;
  const index = map.items.indexOf(pair);
  const next = rangeOf(map.items[index + 1]?.key)?.from;
  if (map.flow) {
    if (map.items.length === 1) return { ...wholeRange(map), text: "{}" };
    if (next !== undefined) return { from, to: next, text: "" };
    return { from: endOf(map.items[index - 1] as Pair), to: endOf(pair), text: "" };
  }
  const to = ownEnd(text, { from, to: endOf(pair) });
  if (map.items.length === 1) return { from, to, text: "{}" };
  // Whole lines; a first member may stand behind a dash, which the next one takes over.
  const lineStart = text.lastIndexOf("\n", from - 1) + 1;
  const isAlone = text.slice(lineStart, from).trim() === "";
  if (!isAlone) return { from, to: next ?? endOf(pair), text: "" };
  const lineEnd = text.indexOf("\n", to);
  return { from: lineStart, to: lineEnd < 0 ? text.length : lineEnd + 1, text: "" };
}

/** A block's range goes on to the next thing: lines of space and comment at its end are not its own. */
function ownEnd(text: string, { from, to }: Pick<Edit, "from" | "to">): number {
  const lines = text.slice(from, to).split("\n");
  while (lines.length > 1 && /^\s*(#[^\n]*)?$/.test(lines.at(-1) ?? "")) lines.pop();
  return from + lines.join("\n").trimEnd().length;
}

function endOf({ key, value }: Pair): number {
  return rangeOf(value)?.to ?? rangeOf(key)?.to ?? 0;
}
