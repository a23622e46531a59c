// The edits that corrections are made of: give a member a value, take something out, add or drop an
// object. Each gives undefined where the text cannot be changed safely (shared by an anchor, or JSON
// where a second document has no place); the finding then comes without a patch.

import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { yamlText } from "../../istio/yaml-text";
import { findNode, type Found, pairOf } from "../source/place";
import type { MeshObject } from "../source/mesh-object";
import type { SourceFile } from "../source/source-file";
import type { Key, View } from "../source/view";
import type { TextEdit } from "./text-edit";

/** Gives the place of the view this value: in place, or as a new last member. */
export function setValue(view: View, value: unknown): TextEdit | undefined {
  const { object, path } = view;
  const found = findNode(object, path);
  if (found?.shared) return undefined;
  if (found?.node !== undefined && isScalar(found.node) && isPlainScalar(value)) {
    const [from, to] = found.node.range ?? [0, 0, 0];
    if (from < to && !isBlock(found.node)) {
      const text = scalarText(value, found.node.type, isInFlow(view));
      return { file: object.file, from, to, text };
    }
  }
  if (found !== undefined) return replaceMember(view, found, value);
  return addMember(object, path, value);
}

/** Takes the member or item out; with it what would be left empty above it. */
export function removeValue(view: View): TextEdit | undefined {
  const { object, path } = view;
  const parent = findNode(object, path.slice(0, -1));
  const key = path.at(-1);
  if (key === undefined || parent?.node === undefined || parent.shared) return undefined;
  const { node } = parent;
  if (isMap(node)) {
    const i = node.items.findIndex((item) => pairOf([item], String(key)) !== undefined);
    if (i < 0) return undefined;
    if (node.items.length === 1 && path.length > 1) return removeValue(view.parent);
    return node.flow ? removeFlow(object, node, i) : removePair(object, node, i);
  }
  if (!isSeq(node) || typeof key !== "number") return undefined;
  if (node.items.length === 1) return removeValue(view.parent);
  return node.flow ? removeFlow(object, node, key) : removeItem(object, node, key);
}

/** Replaces the first occurrence of a piece of the scalar's own text. */
export function replaceWithin(view: View, piece: string, by: string): TextEdit | undefined {
  const found = findNode(view.object, view.path);
  const range = found?.node?.range;
  if (!range || found?.shared) return undefined;
  const { file } = view.object;
  const at = file.text.indexOf(piece, range[0]);
  if (at < 0 || at + piece.length > range[1]) return undefined;
  return { file, from: at, to: at + piece.length, text: by };
}

/** As replaceWithin, of every occurrence. */
export function replaceEach(
  view: View,
  piece: string,
  by: string,
): readonly (TextEdit | undefined)[] {
  const first = replaceWithin(view, piece, by);
  const end = findNode(view.object, view.path)?.node?.range?.[1] ?? 0;
  const edits: (TextEdit | undefined)[] = [first];
  for (let at = first?.to ?? end; first !== undefined;) {
    const from = first.file.text.indexOf(piece, at);
    if (from < 0 || from + piece.length > end) break;
    at = from + piece.length;
    edits.push({ ...first, from, to: at });
  }
  return edits;
}

function replaceMember(
  view: View,
  found: Found,
  value: unknown,
  key = view.path.at(-1),
): TextEdit | undefined {
  const { file } = view.object;
  const range = found.node?.range;
  if (found.key?.range && typeof key === "string") {
    const from = found.key.range[0];
    if (isInFlow(view)) {
      const to = found.node === undefined ? found.key.range[1] : leafEnd(found.node);
      return { file, from, to, text: `${JSON.stringify(key)}: ${JSON.stringify(value)}` };
    }
    const end = found.node === undefined ? found.key.range[1] + 1 : leafEnd(found.node);
    const text = memberText(key, value, columnOf(file, from)).trimStart();
    return { file, from, to: trimmedEnd(file, end), text: asIn(file, text) };
  }
  if (!range || found.node === undefined) return undefined;
  const margin = " ".repeat(columnOf(file, range[0]));
  const text = isInFlow(view)
    ? JSON.stringify(value)
    : yamlText(value).trimEnd().replaceAll("\n", `\n${margin}`);
  return {
    file,
    from: range[0],
    to: trimmedEnd(file, leafEnd(found.node)),
    text: asIn(file, text),
  };
}

/** A new last member of the nearest map that is there, with the levels between. */
function addMember(object: MeshObject, path: readonly Key[], value: unknown): TextEdit | undefined {
  for (let length = path.length - 1; length >= 0; length--) {
    const found = findNode(object, path.slice(0, length));
    if (found === undefined) continue;
    if (found.shared) return undefined;
    const nested = path
      .slice(length + 1)
      .reduceRight<unknown>((inner, key) => ({ [String(key)]: inner }), value);
    const key = String(path[length]);
    if (found.node === undefined || !isMap(found.node)) {
      return replaceMember(viewAt(object, path.slice(0, length)), found, { [key]: nested });
    }
    return insertMember(object.file, found.node, key, nested);
  }
  return undefined;
}

function viewAt(object: MeshObject, path: readonly Key[]): View {
  return { object, path } as View;
}

function insertMember(file: SourceFile, map: YAMLMap, key: string, value: unknown): TextEdit {
  const last = map.items.at(-1);
  if (map.flow || last === undefined) {
    const at = last === undefined ? (map.range?.[0] ?? 0) + 1 : pairEnd(last);
    const comma = last === undefined ? " " : ", ";
    const end = last === undefined ? " " : "";
    const text = `${comma}${JSON.stringify(key)}: ${JSON.stringify(value)}${end}`;
    return { file, from: at, to: at, text };
  }
  const column = columnOf(file, (last.key as Node).range?.[0] ?? 0);
  return lineInsertion(file, pairEnd(last), memberText(key, value, column));
}

/** A new item at the end of a block list. */
export function addItem(list: View, value: unknown): TextEdit | undefined {
  const found = findNode(list.object, list.path);
  if (found?.shared || !isSeq(found?.node)) return undefined;
  const { file } = list.object;
  const seq = found.node;
  const last = seq.items.at(-1) as Node | undefined;
  if (last === undefined) return undefined;
  if (seq.flow) {
    const at = leafEnd(last);
    return { file, from: at, to: at, text: `, ${JSON.stringify(value)}` };
  }
  const dash = " ".repeat(columnOf(file, dashOf(file, last)));
  const text = yamlText([value]).trimEnd().replaceAll("\n", `\n${dash}`);
  return lineInsertion(file, leafEnd(last), `${dash}${text}`);
}

/** A new item of a block list, before the one that stands there now. */
export function insertItem(list: View, before: number, value: unknown): TextEdit | undefined {
  const found = findNode(list.object, list.path);
  if (found?.shared || !isSeq(found?.node) || found.node.flow) return undefined;
  const { file } = list.object;
  const next = found.node.items[before] as Node | undefined;
  if (!next?.range) return undefined;
  const dash = dashOf(file, next);
  const start = file.lineStart(dash);
  if (file.text.slice(start, dash).trim() !== "") return undefined;
  const indent = " ".repeat(dash - start);
  const text = yamlText([value]).trimEnd().replaceAll("\n", `\n${indent}`);
  return { file, from: start, to: start, text: asIn(file, `${indent}${text}\n`) };
}

/** Gives a member another key and another value, in its place. */
export function renameMember(view: View, key: string, value: unknown): TextEdit | undefined {
  const found = findNode(view.object, view.path);
  if (found === undefined || found.shared || found.key?.range === undefined) return undefined;
  return replaceMember(view, found, value, key);
}

/** A new document behind the object's own. */
export function addObject(object: MeshObject, value: unknown): TextEdit | undefined {
  const { file } = object;
  if (isJson(file)) return undefined;
  const start = object.root.range?.[0] ?? 0;
  const next = separatorFrom(file, start);
  const at = next ?? file.text.length;
  const newline = at > 0 && file.text[at - 1] !== "\n" ? "\n" : "";
  return { file, from: at, to: at, text: asIn(file, `${newline}---\n${yamlText(value)}`) };
}

/** Drops the whole object. */
export function removeObject(object: MeshObject): TextEdit | undefined {
  const { file } = object;
  if (object.listed || isJson(file)) return undefined;
  const start = object.root.range?.[0] ?? 0;
  const own = behindSeparator(file, start);
  // The separator in front goes with its document; that behind belongs to the next one.
  const from = own === 0 ? 0 : file.lineStart(own - 1);
  return { file, from, to: separatorFrom(file, start) ?? file.text.length, text: "" };
}

/** Start of the next line that separates documents. */
function separatorFrom(file: SourceFile, offset: number): number | undefined {
  const at = file.text.slice(offset).search(/^---(\s|$)/m);
  return at < 0 ? undefined : offset + at;
}

/** End of the last separator before the offset, or the start of the text. */
function behindSeparator(file: SourceFile, offset: number): number {
  let own = 0;
  for (const match of file.text.slice(0, offset).matchAll(/^---[^\n]*\n/gm)) {
    own = match.index + match[0].length;
  }
  return own;
}

function removePair(object: MeshObject, map: YAMLMap, i: number): TextEdit | undefined {
  const { file } = object;
  const pair = map.items[i];
  const from = (pair?.key as Node | undefined)?.range?.[0];
  if (pair === undefined || from === undefined) return undefined;
  const lineStart = file.lineStart(from);
  if (file.text.slice(lineStart, from).trim() === "") {
    return { file, from: lineStart, to: behindLine(file, pairEnd(pair)), text: "" };
  }
  const next = (map.items[i + 1]?.key as Node | undefined)?.range?.[0];
  return next === undefined ? undefined : { file, from, to: next, text: "" };
}

function removeItem(object: MeshObject, seq: YAMLSeq, i: number): TextEdit | undefined {
  const { file } = object;
  const node = seq.items[i] as Node | undefined;
  if (!node?.range) return undefined;
  const dash = dashOf(file, node);
  const lineStart = file.lineStart(dash);
  // A list within a list shares its first line with what is above.
  if (file.text.slice(lineStart, dash).trim() !== "") return undefined;
  return { file, from: lineStart, to: behindLine(file, leafEnd(node)), text: "" };
}

function removeFlow(object: MeshObject, node: YAMLMap | YAMLSeq, i: number): TextEdit | undefined {
  const start = (k: number): number | undefined => {
    const item = node.items[k] as Pair | Node | undefined;
    const first = isMap(node) ? ((item as Pair | undefined)?.key as Node | undefined) : item;
    return (first as Node | undefined)?.range?.[0];
  };
  const end = (k: number): number =>
    isMap(node) ? pairEnd(node.items[k] as Pair) : leafEnd(node.items[k] as Node);
  const from = start(i);
  const next = start(i + 1);
  if (from === undefined) return undefined;
  const { file } = object;
  if (next !== undefined) return { file, from, to: next, text: "" };
  return { file, from: end(i - 1), to: end(i), text: "" };
}

/** Offset of the dash of a block list's item. */
function dashOf(file: SourceFile, item: Node): number {
  return file.text.lastIndexOf("-", (item.range?.[0] ?? 0) - 1);
}

function pairEnd(pair: Pair): number {
  const value = pair.value as Node | null;
  if (value) return leafEnd(value);
  return ((pair.key as Node).range?.[1] ?? 0) + 1;
}

/** End of the last thing in a node; a block collection's own range reaches over what follows it. */
function leafEnd(node: Node): number {
  if (isMap(node) && !node.flow && node.items.length > 0) return pairEnd(node.items.at(-1) as Pair);
  if (isSeq(node) && !node.flow && node.items.length > 0) return leafEnd(node.items.at(-1) as Node);
  if (isAlias(node) || isScalar(node)) return node.range?.[1] ?? 0;
  return node.range?.[1] ?? 0;
}

function trimmedEnd(file: SourceFile, end: number): number {
  let at = end;
  while (at > 0 && /\s/.test(file.text[at - 1] ?? "")) at--;
  return at;
}

/** Behind the line in which the content ends. */
function behindLine(file: SourceFile, end: number): number {
  return file.lineEnd(Math.max(trimmedEnd(file, end) - 1, 0));
}

function lineInsertion(file: SourceFile, end: number, text: string): TextEdit {
  const at = behindLine(file, end);
  const open = at > 0 && file.text[at - 1] !== "\n";
  return { file, from: at, to: at, text: asIn(file, open ? `\n${text}` : `${text}\n`) };
}

function memberText(key: string, value: unknown, column: number): string {
  const indent = " ".repeat(column);
  return yamlText({ [key]: value })
    .trimEnd()
    .split("\n")
    .map((line) => (line === "" ? line : indent + line))
    .join("\n");
}

function scalarText(
  value: string | number | boolean,
  style: string | undefined,
  inFlow: boolean,
): string {
  const quoted = style === "QUOTE_DOUBLE" || style === "QUOTE_SINGLE";
  if (quoted) return JSON.stringify(String(value));
  // Characters that end a scalar in a flow collection and nowhere else.
  if (inFlow && /[,[\]{}:#]/.test(String(value))) return JSON.stringify(value);
  return yamlText(value).trimEnd();
}

/** True when the value stands in `[...]` or `{...}`. */
function isInFlow(view: View): boolean {
  const parent = findNode(view.object, view.path.slice(0, -1))?.node;
  return (isMap(parent) || isSeq(parent)) && parent.flow === true;
}

function isPlainScalar(value: unknown): value is string | number | boolean {
  if (typeof value === "string") return !value.includes("\n");
  return typeof value === "number" || typeof value === "boolean";
}

function isBlock(node: { type?: string | null }): boolean {
  return node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED";
}

function columnOf(file: SourceFile, offset: number): number {
  return offset - file.lineStart(offset);
}

function asIn(file: SourceFile, text: string): string {
  return file.newline === "\n" ? text : text.replaceAll("\n", file.newline);
}

function isJson(file: SourceFile): boolean {
  return /^\s*[{[]/.test(file.text);
}
