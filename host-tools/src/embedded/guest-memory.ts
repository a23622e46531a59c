// Cached views of a guest's linear memory. `memory.buffer` is a call into the engine, so the views
// are kept and renewed only when memory.grow has detached them (a detached view has length 0).

import { Latin1Cache } from "./latin1";

const textDecoder = new TextDecoder("utf-8");

export class GuestMemory {
  u8!: Uint8Array;
  view!: DataView;
  readonly strings = new Latin1Cache();

  constructor(private readonly memory: WebAssembly.Memory) {
    this.refresh();
  }

  get sizeBytes(): number {
    return this.memory.buffer.byteLength;
  }

  refresh(): void {
    this.u8 = new Uint8Array(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
  }

  /** True when the range lies in memory. Arguments are unsigned. */
  has(at: number, size: number): boolean {
    return at + size <= this.u8.length;
  }

  /** One character per byte; the range must be in memory. */
  latin1(at: number, size: number): string {
    return this.strings.read(this.u8, at, size);
  }

  /** Text for people (log lines); the range must be in memory. */
  utf8(at: number, size: number): string {
    return textDecoder.decode(this.u8.subarray(at, at + size));
  }

  setU32(at: number, value: number): boolean {
    if (at + 4 > this.u8.length) return false;
    this.view.setUint32(at, value, true);
    return true;
  }
}
