// Just enough of the WebAssembly binary format to read and rewrite what the engine's API does not
// show: memory limits and the types of imports.

/** Reads LEB128 numbers and names. */
export class Leb {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
  ) {}

  name(): string {
    const size = this.u32();
    this.at += size;
    return Buffer.from(this.bytes.subarray(this.at - size, this.at)).toString("utf8");
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return value;
  }
}

/** An unsigned number in LEB128. */
export function leb(value: number): number[] {
  const out: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) out.push((value % 128) | 0x80);
  out.push(value);
  return out;
}

/** Walks the sections of a module. */
export class SectionReader {
  private at = 8;

  constructor(private readonly bytes: Uint8Array) {}

  next(): { id: number; header: number; start: number; end: number } | undefined {
    if (this.at >= this.bytes.length) return undefined;
    const header = this.at;
    const id = this.bytes[header]!;
    const size = new Leb(this.bytes, header + 1);
    const length = size.u32();
    this.at = size.at + length;
    return { id, header, start: size.at, end: this.at };
  }
}
