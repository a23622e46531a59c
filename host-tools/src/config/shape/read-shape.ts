// Reads a place of the policy file as its shape says. Complaints are noted at the place and reading
// goes on, so that all are told at once; whatever comes back short has been complained of.

import { nearest } from "../../lib/nearest";
import type { PolicyNode, PolicyPlace } from "../policy-node";
import type {
  AnyShape,
  ChoiceShape,
  EitherShape,
  ListShape,
  MapShape,
  NumberShape,
  RecordShape,
  Shape,
  TextShape,
} from "./shape";
import { fits, type Format, LABEL_KEY, LABEL_VALUE } from "./format";

interface Places {
  readonly own: PolicyPlace;
  readonly members: ReadonlyMap<string, PolicyPlace>;
}
const places = new WeakMap<object, Places>();

/**
 * Where a record, list or mapping that was read stands in the file, or one of its members.
 *
 * @param value as readShape gave it, not a copy
 */
export function placeOf(value: object, key?: string): PolicyPlace {
  const found = places.get(value);
  const place = (key === undefined ? undefined : found?.members.get(key)) ?? found?.own;
  if (place === undefined) throw new Error("the value was not read from a policy");
  return place;
}

/** True where the file says this member; a default is not said. */
export function isSaid(value: object, key: string): boolean {
  return places.get(value)?.members.has(key) ?? false;
}

/** Undefined where the place had to be complained of. */
export function readShape<T>(shape: Shape<T>, node: PolicyNode): T | undefined {
  if (shape.istioMinor !== undefined) node.noteIstio(shape.istioMinor);
  return readAny(shape, node) as T | undefined;
}

function readAny(shape: AnyShape, node: PolicyNode): unknown {
  switch (shape.kind) {
    case "text":
      return readText(shape, node);
    case "number":
      return readNumber(shape, node);
    case "flag":
      if (typeof node.scalar !== "boolean") node.refuse("must be true or false");
      return node.scalar;
    case "choice":
      return readChoice(shape, node);
    case "list":
      return readList(shape, node);
    case "map":
      return readMap(shape, node);
    case "labels":
      return readLabels(node);
    case "record":
      return readRecord(shape, node);
    case "either":
      return readEither(shape, node);
    case "filter":
      return shape.field.kind === "names" ? readNames(node) : node.single();
  }
}

function readText({ format }: TextShape, node: PolicyNode): string | undefined {
  const text = node.text();
  if (text !== undefined && format !== undefined && !fits(text, format)) {
    node.refuse(`${format.says}${guessOf(text, format)}`);
  }
  return text;
}

function guessOf(text: string, { near }: Format): string {
  if (near === undefined) return "";
  const guess = nearest(text, near.words);
  return `; ${guess === undefined ? near.otherwise : `did you mean ${guess}?`}`;
}

function readNumber({ isWhole, low, high }: NumberShape, node: PolicyNode): number | undefined {
  if (isWhole) return node.whole(low, high);
  const value = node.scalar;
  if (typeof value === "number" && value >= low && value <= high) return value;
  node.refuse(`must be a number in [${low}, ${high}]`);
  return undefined;
}

function readChoice(shape: ChoiceShape, node: PolicyNode): string | number | undefined {
  const { words, sinceMinor } = shape;
  const found = words.find((word) => word === node.scalar);
  const istioMinor = sinceMinor?.[String(found)];
  if (istioMinor !== undefined) node.noteIstio(istioMinor);
  if (found !== undefined) return found;
  node.refuse(words.length === 1 ? `must be ${words[0]}` : `must be one of ${words.join(", ")}`);
  return undefined;
}

function readNames(node: PolicyNode): string[] {
  return node.items().flatMap((item) => item.text() ?? []);
}

function readList({ item, countMin, countMax }: ListShape, node: PolicyNode): readonly unknown[] {
  const items = node.items();
  if (items.length < countMin && (node.isList || node.isNull)) {
    node.refuse(`must have at least ${countMin}`);
  }
  if (items.length > countMax) node.refuse(`must have at most ${countMax}`);
  const list = items.flatMap((one) => {
    const value = readShape(item, one);
    return value === undefined ? [] : [value];
  });
  places.set(list, {
    own: node.place,
    members: new Map(items.map((one, index) => [String(index), one.place])),
  });
  return list;
}

function readMap(shape: MapShape, node: PolicyNode): ReadonlyMap<string, unknown> {
  const map = new Map<string, unknown>();
  const members = new Map<string, PolicyPlace>();
  for (const [key, member] of node.entries()) {
    if (shape.keys !== undefined && !fits(key, shape.keys)) {
      member.refuseKey(shape.keys.says);
    }
    members.set(key, member.place);
    const value = readShape(shape.item, member);
    if (value !== undefined) map.set(key, value);
  }
  if (members.size < shape.countMin && (node.isMap || node.isNull)) {
    node.refuse(`must have at least ${shape.countMin}`);
  }
  places.set(map, { own: node.place, members });
  return map;
}

function readLabels(node: PolicyNode): Readonly<Record<string, string>> {
  const entries = node.entries().flatMap(([key, value]): [string, string][] => {
    if (!fits(key, LABEL_KEY)) value.refuseKey(LABEL_KEY.says);
    const text = value.text();
    if (text === undefined) return [];
    if (!LABEL_VALUE.pattern.test(text)) value.refuse(LABEL_VALUE.says);
    return [[key, text]];
  });
  return Object.fromEntries(entries);
}

function readRecord(shape: RecordShape, node: PolicyNode): Record<string, unknown> {
  const faultsBefore = node.faultCount;
  const known = { keys: Object.keys(shape.fields), ...(shape.later && { later: shape.later }) };
  const members = node.members(known);
  const value: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(shape.fields)) {
    const member = members.get(key);
    if (member !== undefined) value[key] = readShape(field, member);
    else if (field.required === true) {
      const more = field.missing === undefined ? "" : `; ${field.missing}`;
      if (node.isMap || node.isNull) node.refuse(`${key} is missing${more}`);
    } else if (field.default !== undefined) value[key] = field.default;
  }
  places.set(value, {
    own: node.place,
    members: new Map([...members].map(([key, member]) => [key, member.place])),
  });
  if (node.faultCount === faultsBefore) {
    shape.check?.(value as never, (message, at, scalar) => {
      if (typeof at === "object") node.refuseAt(at, message, scalar);
      else (at === undefined ? node : (members.get(at) ?? node)).refuse(message);
    });
  }
  return value;
}

function readEither(shape: EitherShape, node: PolicyNode): unknown {
  const form = node.isMap ? shape.map : node.isList ? shape.list : shape.scalar;
  const isOtherWord = form?.kind === "choice" && !form.words.some((word) => word === node.scalar);
  if (form !== undefined && !isOtherWord) return readAny(form, node);
  node.refuse(`must be ${eitherForms(shape)}`);
  return undefined;
}

/** `none, or a mapping with attempts`. */
function eitherForms({ scalar, map, list }: EitherShape): string {
  const forms = [
    scalar === undefined ? undefined : scalarForm(scalar),
    map === undefined ? undefined : mapForm(map),
    list === undefined ? undefined : "a list",
  ];
  return forms.filter((form) => form !== undefined).join(", or ");
}

function scalarForm(shape: AnyShape): string {
  if (shape.kind === "choice") return shape.words.join(", ");
  return shape.kind === "number" || shape.kind === "filter" ? "a number" : "a text";
}

function mapForm(shape: AnyShape): string {
  if (shape.kind !== "record") return "a mapping";
  const required = Object.entries(shape.fields).filter(([, field]) => field.required);
  const keys = required.length > 0 ? required.map(([key]) => key) : Object.keys(shape.fields);
  return `a mapping with ${keys.join(", ")}`;
}
