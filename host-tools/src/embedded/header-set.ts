// An immutable header list compiled once and used for many requests. The serialised pairs are kept
// beside it, so that the usual request ("give me all headers") is one copy into guest memory
// instead of a serialisation.

import { asciiLowerCase, latin1Bytes } from "./latin1";
import { isInlineHeader, type HeaderKind } from "./inline-headers";
import { pairsSizeBytes, writePairs } from "./pairs";

/** Name and value, one character per byte. */
export type Header = readonly [name: string, value: string];

export class HeaderSet {
  readonly names: readonly string[];
  readonly values: readonly string[];
  /** The ABI form of the whole list. */
  readonly pairs: Uint8Array;
  /** Envoy's byteSize: names and values, no separators. */
  readonly sizeBytes: number;

  private constructor(
    readonly kind: HeaderKind,
    names: string[],
    values: string[],
  ) {
    this.names = names;
    this.values = values;
    this.pairs = new Uint8Array(pairsSizeBytes(names, values));
    writePairs(names, values, this.pairs, 0);
    this.sizeBytes = headerBytes(names, values);
  }

  /**
   * Compiles a list in Envoy's form: names in lower case, `host` as `:authority`, pseudo headers
   * first, repeated inline headers joined.
   */
  static compile(kind: HeaderKind, headers: Iterable<Header>): HeaderSet {
    const names: string[] = [];
    const values: string[] = [];
    for (const [name, value] of headers) {
      latin1Bytes(name, `header name ${name}`);
      latin1Bytes(value, `header ${name}`);
      addHeader(kind, names, values, headerKey(kind, name), value);
    }
    return new HeaderSet(kind, names, values);
  }

  /** The first value, or undefined. */
  get(name: string): string | undefined {
    const at = this.names.indexOf(headerKey(this.kind, name));
    return at < 0 ? undefined : this.values[at];
  }

  toList(): Header[] {
    return this.names.map((name, i) => [name, this.values[i]!] as const);
  }
}

/** The key under which Envoy keeps a header: lower case, `:authority` for a request's `host`. */
export function headerKey(kind: HeaderKind, name: string): string {
  const key = asciiLowerCase(name);
  return key === "host" && kind === "request" ? ":authority" : key;
}

/** Envoy's add: joins inline headers, puts a pseudo header after the other pseudo headers. */
export function addHeader(
  kind: HeaderKind,
  names: string[],
  values: string[],
  key: string,
  value: string,
): void {
  if (isInlineHeader(kind, key)) {
    const at = names.indexOf(key);
    if (at >= 0) {
      const known = values[at]!;
      if (value !== "") values[at] = known === "" ? value : `${known},${value}`;
      return;
    }
  }
  if (key.charCodeAt(0) === 0x3a) {
    let at = 0;
    while (at < names.length && names[at]!.charCodeAt(0) === 0x3a) at++;
    names.splice(at, 0, key);
    values.splice(at, 0, value);
    return;
  }
  names.push(key);
  values.push(value);
}

export function headerBytes(names: readonly string[], values: readonly string[]): number {
  let size = 0;
  for (let i = 0; i < names.length; i++) size += names[i]!.length + values[i]!.length;
  return size;
}
