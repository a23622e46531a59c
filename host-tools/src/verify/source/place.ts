// From a path of keys to the nodes of the syntax tree, through aliases and merge keys.

import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import type { MeshObject } from "./mesh-object";
import type { Position } from "./source-file";
import type { Key, View } from "./view";

export interface Found {
  /** Key of the member, where it is one of a map. */
  readonly key: Node | undefined;
  /** The value; undefined for `key:` with nothing behind it. */
  readonly node: Node | undefined;
  /** True when the way led through an alias or a merge: the text is shared with other places. */
  readonly shared: boolean;
}

/** The nodes of a path; undefined where the text has none. */
export function findNode(object: MeshObject, path: readonly Key[]): Found | undefined {
  let found: Found = { key: undefined, node: object.root, shared: false };
  for (const key of path) {
    const next = step(found, key, object);
    if (next === undefined) return undefined;
    found = next;
  }
  return found;
}

function step(from: Found, key: Key, object: MeshObject): Found | undefined {
  const target = resolved(from.node, object);
  const shared = from.shared || isAlias(from.node);
  if (isSeq(target) && typeof key === "number") {
    const node = target.items[key] as Node | undefined;
    return node === undefined ? undefined : { key: undefined, node, shared };
  }
  if (!isMap(target)) return undefined;
  const pair = pairOf(target.items, String(key));
  if (pair !== undefined) {
    return { key: pair.key as Node, node: (pair.value as Node | null) ?? undefined, shared };
  }
  for (const item of target.items.filter((one) => keyText(one) === "<<")) {
    const merged = step({ key: undefined, node: item.value as Node, shared: true }, key, object);
    if (merged !== undefined) return { ...merged, shared: true };
  }
  return undefined;
}

function resolved(node: Node | undefined, object: MeshObject): Node | undefined {
  if (!isAlias(node)) return node;
  return anchors(object).get(node.source);
}

/** Anchors of an object by name; found once for each object that has an alias. */
function anchors(object: MeshObject): Map<string, Node> {
  const known = anchorTables.get(object);
  if (known !== undefined) return known;
  const table = new Map<string, Node>();
  const walk = (node: unknown): void => {
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined && anchor !== "") table.set(anchor, node as Node);
    if (isSeq(node)) node.items.forEach(walk);
    else if (isMap(node)) for (const { value } of node.items) if (value) walk(value);
  };
  walk(object.root);
  anchorTables.set(object, table);
  return table;
}

const anchorTables = new WeakMap<MeshObject, Map<string, Node>>();

export function pairOf(items: readonly Pair[], key: string): Pair | undefined {
  return items.find((item) => keyText(item) === key);
}

function keyText(pair: Pair): string | undefined {
  if (!isScalar(pair.key)) return undefined;
  const { value } = pair.key;
  // The key of a merge is a symbol named `<<`.
  return typeof value === "symbol" ? value.description : String(value);
}

export interface Region {
  readonly from: number;
  readonly to: number;
  readonly start: Position;
  readonly end: Position;
}

/**
 * Where a view stands: key and scalar value, or the key alone of a map or list; the nearest thing
 * above for what is not there.
 */
export function regionOf(view: View): Region {
  const { object } = view;
  for (let length = view.path.length; length >= 0; length--) {
    const found = findNode(object, view.path.slice(0, length));
    const range = found === undefined ? undefined : shownRange(found);
    if (range !== undefined) return located(object, range.from, range.to);
  }
  return located(object, 0, 0);
}

/** As regionOf; of a piece of the scalar's own text where it is found in it. */
export function regionOfPiece(view: View, piece: string | undefined): Region {
  const { object } = view;
  const range = piece === undefined ? undefined : findNode(object, view.path)?.node?.range;
  if (piece === undefined || !range) return regionOf(view);
  const from = object.file.text.indexOf(piece, range[0]);
  if (from < 0 || from + piece.length > range[1]) return regionOf(view);
  return located(object, from, from + piece.length);
}

function shownRange({ key, node }: Found): { from: number; to: number } | undefined {
  const keyRange = key?.range ?? undefined;
  const range = node?.range ?? undefined;
  if (keyRange) {
    const to = range && isScalar(node) && !isBlockScalar(node) ? range[1] : keyRange[1];
    return { from: keyRange[0], to: Math.max(to, keyRange[1]) };
  }
  if (!range) return undefined;
  if (isScalar(node)) return { from: range[0], to: range[1] };
  const first = isMap(node) ? (node.items[0]?.key as Node | undefined)?.range : undefined;
  return first ? { from: first[0], to: first[1] } : { from: range[0], to: range[0] + 1 };
}

function isBlockScalar(node: Node | undefined): boolean {
  return isScalar(node) && (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED");
}

function located(object: MeshObject, from: number, to: number): Region {
  const { file } = object;
  return { from, to, start: file.positionOf(from), end: file.positionOf(to) };
}
