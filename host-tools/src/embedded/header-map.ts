// The header map of one stream: a compiled HeaderSet until the filter changes something, private
// arrays after that. A map per request built from scratch would cost more than the filter.

import { addHeader, headerBytes, headerKey, HeaderSet, type Header } from "./header-set";
import type { HeaderKind } from "./inline-headers";
import { pairsSizeBytes, writePairs } from "./pairs";

const NO_HEADERS = HeaderSet.compile("request-trailers", []);

export class HeaderMap {
  private base: HeaderSet = NO_HEADERS;
  private readonly ownNames: string[] = [];
  private readonly ownValues: string[] = [];
  /** True once the filter has changed the list. */
  modified = false;

  constructor(readonly kind: HeaderKind) {}

  /** Starts over from a compiled list. */
  reset(base: HeaderSet): void {
    this.base = base;
    this.modified = false;
  }

  clear(): void {
    this.reset(NO_HEADERS);
  }

  get size(): number {
    return this.modified ? this.ownNames.length : this.base.names.length;
  }

  /** First value of `name`, or undefined; further values stay unseen, as in Envoy. */
  get(name: string): string | undefined {
    const key = headerKey(this.kind, name);
    const at = this.names().indexOf(key);
    return at < 0 ? undefined : this.values()[at];
  }

  /** All values of `name`, in order. */
  getAll(name: string): string[] {
    const key = headerKey(this.kind, name);
    return this.values().filter((_, i) => this.names()[i] === key);
  }

  add(name: string, value: string): void {
    this.materialise();
    addHeader(this.kind, this.ownNames, this.ownValues, headerKey(this.kind, name), value);
  }

  remove(name: string): void {
    const key = headerKey(this.kind, name);
    if (this.names().indexOf(key) < 0) return;
    this.materialise();
    let kept = 0;
    for (let i = 0; i < this.ownNames.length; i++) {
      if (this.ownNames[i] === key) continue;
      this.ownNames[kept] = this.ownNames[i]!;
      this.ownValues[kept] = this.ownValues[i]!;
      kept++;
    }
    this.ownNames.length = kept;
    this.ownValues.length = kept;
  }

  /** Envoy's replace: every old value goes, the new one comes last. */
  set(name: string, value: string): void {
    this.remove(name);
    this.add(name, value);
  }

  replaceAll(names: readonly string[], values: readonly string[]): void {
    this.ownNames.length = 0;
    this.ownValues.length = 0;
    this.modified = true;
    for (let i = 0; i < names.length; i++) this.add(names[i]!, values[i]!);
  }

  byteSize(): number {
    return this.modified ? headerBytes(this.ownNames, this.ownValues) : this.base.sizeBytes;
  }

  pairsSizeBytes(): number {
    if (!this.modified) return this.base.pairs.length;
    return pairsSizeBytes(this.ownNames, this.ownValues);
  }

  writePairs(bytes: Uint8Array, start: number): void {
    if (this.modified) writePairs(this.ownNames, this.ownValues, bytes, start);
    else bytes.set(this.base.pairs, start);
  }

  toList(): Header[] {
    const values = this.values();
    return this.names().map((name, i) => [name, values[i]!] as const);
  }

  private names(): readonly string[] {
    return this.modified ? this.ownNames : this.base.names;
  }

  private values(): readonly string[] {
    return this.modified ? this.ownValues : this.base.values;
  }

  private materialise(): void {
    if (this.modified) return;
    const { names, values } = this.base;
    this.ownNames.length = names.length;
    this.ownValues.length = names.length;
    for (let i = 0; i < names.length; i++) {
      this.ownNames[i] = names[i]!;
      this.ownValues[i] = values[i]!;
    }
    this.modified = true;
  }
}
