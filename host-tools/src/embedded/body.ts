// A body buffer a filter may read and edit. Envoy's edits are drain, prepend and append, and
// nothing in the middle; anything else is BadArgument.

import { WasmResult } from "./abi";

const EMPTY = new Uint8Array(0);

export class Body {
  bytes: Uint8Array;

  constructor(bytes: Uint8Array = EMPTY) {
    this.bytes = bytes;
  }

  get length(): number {
    return this.bytes.length;
  }

  append(more: Uint8Array): void {
    this.bytes = this.bytes.length === 0 ? more : concat(this.bytes, more);
  }

  /** Envoy's set_buffer_bytes on a body. */
  replace(start: number, length: number, data: Uint8Array): WasmResult {
    if (start === 0) {
      this.bytes = concat(data, this.bytes.subarray(Math.min(length, this.bytes.length)));
      return WasmResult.Ok;
    }
    if (start < this.bytes.length) return WasmResult.BadArgument;
    this.bytes = concat(this.bytes, data);
    return WasmResult.Ok;
  }
}

/** One array out of many; empty for none. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
