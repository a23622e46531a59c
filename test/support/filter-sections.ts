// The sections of a module's bytes, as far as they matter before the first call: is there a start
// function, how much memory, is there anything for debuggers.

export interface Sections {
  readonly hasStart: boolean;
  readonly memory: { readonly initialPages: number; readonly maximumPages: number | undefined };
  /** Names of custom sections. */
  readonly custom: readonly string[];
}

const CUSTOM = 0;
const MEMORY = 5;
const START = 8;
const HEADER_BYTES = 8;

class Reader {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
  ) {}

  byte(): number {
    return this.bytes[this.at++]!;
  }

  /** Unsigned LEB128. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const length = this.number();
    const start = this.at;
    this.at += length;
    return Buffer.from(this.bytes.subarray(start, this.at)).toString("utf8");
  }
}

export function readSections(wasm: Uint8Array): Sections {
  const reader = new Reader(wasm, HEADER_BYTES);
  let hasStart = false;
  let memory: Sections["memory"] = { initialPages: 0, maximumPages: undefined };
  const custom: string[] = [];
  while (reader.at < wasm.length) {
    const id = reader.byte();
    const size = reader.number();
    const end = reader.at + size;
    if (id === START) hasStart = true;
    if (id === CUSTOM) custom.push(reader.text());
    if (id === MEMORY && reader.number() > 0) {
      const limited = (reader.byte() & 1) === 1;
      const initialPages = reader.number();
      memory = { initialPages, maximumPages: limited ? reader.number() : undefined };
    }
    reader.at = end;
  }
  return { hasStart, memory, custom };
}
