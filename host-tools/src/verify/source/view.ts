// A value within an object together with its path. Rules walk views, so that whatever they find
// wrong has a place in the text without any rule counting lines.

import type { MeshObject } from "./mesh-object";
import { parseDurationMs } from "./duration";

export type Key = string | number;

export class View {
  constructor(
    readonly object: MeshObject,
    readonly path: readonly Key[],
    readonly value: unknown,
  ) {}

  /** The value below; a view of nothing where there is none. */
  at(...keys: readonly Key[]): View {
    let value = this.value;
    for (const key of keys) value = memberOf(value, key);
    return new View(this.object, [...this.path, ...keys], value);
  }

  /** The place above; its value is not known from here. */
  get parent(): View {
    return new View(this.object, this.path.slice(0, -1), undefined);
  }

  get exists(): boolean {
    return this.value !== undefined;
  }

  get isMap(): boolean {
    return typeof this.value === "object" && this.value !== null && !Array.isArray(this.value);
  }

  /** Items of a list; of anything else none. */
  items(): View[] {
    if (!Array.isArray(this.value)) return [];
    return this.value.map((value, i) => new View(this.object, [...this.path, i], value));
  }

  /** Members of a map; of anything else none. */
  members(): [string, View][] {
    if (!this.isMap) return [];
    return Object.entries(this.value as object).map(([key, value]) => [
      key,
      new View(this.object, [...this.path, key], value),
    ]);
  }

  /** A scalar as text; undefined for anything else. */
  text(): string | undefined {
    const { value } = this;
    if (typeof value === "string") return value;
    return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
  }

  /** A number, or text that is one. */
  number(): number | undefined {
    if (typeof this.value === "number") return this.value;
    const text = this.text();
    const number = text === undefined || text.trim() === "" ? NaN : Number(text);
    return Number.isNaN(number) ? undefined : number;
  }

  /** A duration as Istio writes it, in ms; undefined where there is none or it is malformed. */
  durationMs(): number | undefined {
    const text = this.text();
    return text === undefined ? undefined : parseDurationMs(text);
  }

  /** The scalars of a list as text. */
  texts(): string[] {
    return this.items().flatMap((item) => item.text() ?? []);
  }

  /** A map of scalars as text. */
  labels(): Record<string, string> {
    return Object.fromEntries(
      this.members().flatMap(([key, view]) => {
        const text = view.text();
        return text === undefined ? [] : [[key, text]];
      }),
    );
  }

  /** Every map and list and scalar below, this one first. */
  *everything(): Iterable<View> {
    yield this;
    for (const item of this.items()) yield* item.everything();
    for (const [, member] of this.members()) yield* member.everything();
  }
}

/** The object as a whole. */
export function viewOf(object: MeshObject): View {
  return new View(object, [], object.value);
}

function memberOf(value: unknown, key: Key): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) return typeof key === "number" ? value[key] : undefined;
  return Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}
