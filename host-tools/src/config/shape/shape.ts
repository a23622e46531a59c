// The words in which the policy file is described: one declaration per member, with its sentence,
// unit, default and bounds. Four readers take it from there (reader, JSON Schema, `explain`, the
// reference page), so a member cannot be accepted and undocumented, or documented and refused.
//
//   export const poolShape = record("Connection pool of each proxy.", {
//     connections_max: whole("TCP connections to one host.", { low: 1, high: 65535, default: 1024 }),
//   });
//   export type Pool = ValueOf<typeof poolShape>; // { readonly connections_max: number }

import type { RecordKind } from "../../contract";
import { type Field, fieldsOf } from "../fields";
import type { PolicyPlace } from "../policy-node";
import type { Format } from "./format";

interface Facts {
  /** One sentence for people. */
  readonly help: string;
  /** What a number counts, e.g. `ms`, `%`, `requests`. */
  readonly unit?: string;
  readonly required?: boolean;
  /** Filled in where the member is left out. */
  readonly default?: unknown;
  /** What happens without the member where no value could say it, e.g. `Istio's own`. */
  readonly otherwise?: string;
  /** Minor version of Istio 1.x from which the mesh knows it. */
  readonly istioMinor?: number;
  /** A value to show, as it is written. */
  readonly example?: string;
  /** Follows "is missing" in the complaint. */
  readonly missing?: string;
}

export interface TextShape extends Facts {
  readonly kind: "text";
  readonly format?: Format;
}
export interface NumberShape extends Facts {
  readonly kind: "number";
  readonly isWhole: boolean;
  readonly low: number;
  readonly high: number;
}
export interface FlagShape extends Facts {
  readonly kind: "flag";
}
export interface ChoiceShape extends Facts {
  readonly kind: "choice";
  readonly words: readonly (string | number)[];
  /** Minor version of Istio 1.x for words that not every supported mesh knows. */
  readonly sinceMinor?: Readonly<Record<string, number>>;
}
export interface ListShape extends Facts {
  readonly kind: "list";
  readonly item: AnyShape;
  readonly countMin: number;
  readonly countMax: number;
}
/** A mapping whose keys the user chooses. */
export interface MapShape extends Facts {
  readonly kind: "map";
  readonly item: AnyShape;
  readonly keys?: Format;
  readonly countMin: number;
}
/** Labels of Kubernetes: a mapping of texts. */
export interface LabelsShape extends Facts {
  readonly kind: "labels";
}
export interface RecordShape extends Facts {
  readonly kind: "record";
  readonly fields: Fields;
  /** Keys that are known but not supported, with the reason. */
  readonly later?: Readonly<Record<string, string>>;
  /** Rules over several members; runs where each of them is good. */
  readonly check?: (value: never, refuse: Refuse) => void;
}
/** Of several forms, told apart by what YAML sees: one value, a mapping, a list. */
export interface EitherShape extends Facts {
  readonly kind: "either";
  readonly scalar?: AnyShape;
  readonly map?: AnyShape;
  readonly list?: AnyShape;
}
/** Ends up in the filter's configuration; its bounds stand in the contract and are checked there. */
export interface FilterShape extends Facts {
  readonly kind: "filter";
  readonly field: Field;
}

export type AnyShape =
  | TextShape
  | NumberShape
  | FlagShape
  | ChoiceShape
  | ListShape
  | MapShape
  | LabelsShape
  | RecordShape
  | EitherShape
  | FilterShape;
export type Fields = Readonly<Record<string, AnyShape>>;
/** Complains of the whole record, of one of its members, or of a place inside. */
export type Refuse = (message: string, at?: string | PolicyPlace, scalar?: unknown) => void;

declare const VALUE: unique symbol;
declare const SURE: unique symbol;
/** A shape that reads as T; Sure where it always has a value in a record. */
export type Shape<T, Sure extends boolean = boolean> = AnyShape & {
  readonly [VALUE]?: T;
  readonly [SURE]?: Sure;
};
/** What a shape reads as. */
export type ValueOf<S> = S extends { readonly [VALUE]?: infer T } ? NonNullable<T> : unknown;
/** What a record with these fields reads as; keys are those of the file. */
export type FieldValues<F> = {
  readonly [K in keyof F]: F[K] extends { readonly [SURE]?: true }
    ? ValueOf<F[K]>
    : ValueOf<F[K]> | undefined;
};

type Given<T> = Omit<Facts, "help" | "default" | "required"> & {
  readonly required?: true;
  readonly default?: T;
};
type SureOf<O> = O extends { readonly required: true }
  ? true
  : O extends { readonly default: unknown }
    ? true
    : false;
type Made<T, O> = Shape<T, SureOf<O>>;

/** A text of one line. */
export function text<const O extends Given<string> & { readonly format?: Format }>(
  help: string,
  options?: O,
): Made<string, O> {
  return { kind: "text", help, ...options } as Made<string, O>;
}

interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** A whole number in [low, high]. */
export function whole<const O extends Given<number> & Bounds>(
  help: string,
  options: O,
): Made<number, O> {
  return { kind: "number", help, isWhole: true, ...options } as Made<number, O>;
}

/** A number in [low, high], fractions included. */
export function real<const O extends Given<number> & Bounds>(
  help: string,
  options: O,
): Made<number, O> {
  return { kind: "number", help, isWhole: false, ...options } as Made<number, O>;
}

/** One hour: nothing in a mesh waits longer on purpose. */
export const DURATION_MS_MAX = 3_600_000;

/** Milliseconds, by default in [1, 3,600,000]. */
export function durationMs<const O extends Given<number> & Partial<Bounds>>(
  help: string,
  options?: O,
): Made<number, O> {
  return whole(help, { low: 1, high: DURATION_MS_MAX, unit: "ms", ...options }) as Made<number, O>;
}

/** A share of a hundred, by default in [0, 100]. */
export function percent<const O extends Given<number> & Partial<Bounds>>(
  help: string,
  options?: O,
): Made<number, O> {
  return real(help, { low: 0, high: 100, unit: "%", ...options }) as Made<number, O>;
}

/** `true` or `false`. */
export function flag<const O extends Given<boolean>>(help: string, options?: O): Made<boolean, O> {
  return { kind: "flag", help, ...options } as Made<boolean, O>;
}

/** One of some words (or numbers, for a version). */
export function choice<
  const W extends string | number,
  const O extends Given<W> & Pick<ChoiceShape, "sinceMinor">,
>(help: string, words: readonly W[], options?: O): Made<W, O> {
  return { kind: "choice", help, words, ...options } as Made<W, O>;
}

interface Count {
  readonly countMin?: number;
  readonly countMax?: number;
}

/** A list of one kind of item. */
export function list<S extends AnyShape, const O extends Given<readonly ValueOf<S>[]> & Count>(
  help: string,
  item: S,
  options?: O,
): Made<readonly ValueOf<S>[], O> {
  const counts = { countMin: 0, countMax: Number.MAX_SAFE_INTEGER };
  return { kind: "list", help, item, ...counts, ...options } as unknown as Made<
    readonly ValueOf<S>[],
    O
  >;
}

/** A mapping with keys of the user's choice, in the order of the file. */
export function map<
  S extends AnyShape,
  const O extends Given<never> & { readonly keys?: Format; readonly countMin?: number },
>(help: string, item: S, options?: O): Made<ReadonlyMap<string, ValueOf<S>>, O> {
  return { kind: "map", help, item, countMin: 0, ...options } as unknown as Made<
    ReadonlyMap<string, ValueOf<S>>,
    O
  >;
}

/** Labels of Kubernetes. */
export function labels<const O extends Given<never>>(
  help: string,
  options?: O,
): Made<Readonly<Record<string, string>>, O> {
  return { kind: "labels", help, ...options } as unknown as Made<
    Readonly<Record<string, string>>,
    O
  >;
}

interface RecordRules<F> {
  readonly later?: Readonly<Record<string, string>>;
  readonly check?: (value: FieldValues<F>, refuse: Refuse) => void;
}

/** A mapping with the given keys and no others. */
export function record<const F extends Fields, const O extends Given<never> & RecordRules<F>>(
  help: string,
  fields: F,
  options?: O & RecordRules<F>,
): Made<FieldValues<F>, O> {
  return { kind: "record", help, fields, ...options } as unknown as Made<FieldValues<F>, O>;
}

/** One value, a mapping or a list, whichever of them are given. */
export function either<
  const F extends {
    readonly scalar?: AnyShape;
    readonly map?: AnyShape;
    readonly list?: AnyShape;
  },
  const O extends Given<never>,
>(help: string, forms: F, options?: O): Made<ValueOf<F[keyof F]>, O> {
  return { kind: "either", help, ...forms, ...options } as unknown as Made<ValueOf<F[keyof F]>, O>;
}

/** A member of the filter's configuration under the same key. */
export function filterField<T>(
  of: RecordKind,
  key: string,
  options: Given<never> & { readonly help?: string } = {},
): Shape<T, false> {
  const field = fieldsOf(of).find((one) => one.key === key);
  if (field === undefined) throw new Error(`the contract has no field ${key}`);
  return { kind: "filter", field, help: field.help, ...options } as unknown as Shape<T, false>;
}

/** A record of the filter's configuration as it is, with all its members. */
export function filterRecord<T>(
  help: string,
  of: RecordKind,
  options: { readonly later?: Readonly<Record<string, string>> } = {},
): Shape<T, false> {
  const fields = Object.fromEntries(
    fieldsOf(of).map((field): [string, AnyShape] => [field.key, filterField(of, field.key)]),
  );
  return { kind: "record", help, fields, ...options } as unknown as Shape<T, false>;
}
