// Bounded ASCII output into a region: the writer's whole state is the next address and the end, and
// what does not fit is dropped. In place of string building, which allocates.

// @ts-ignore: decorator
@unmanaged
@final
export class AsciiWriter {
  at: usize;
  end: usize;
}

/** Begins at `target`; at most `capacity` bytes are written. */
export function openWriter(writer: AsciiWriter, target: usize, capacity: i32): void {
  writer.at = target;
  writer.end = target + <usize>max<i32>(capacity, 0);
}

/** One byte; anything but visible ASCII and the space becomes `?`, so that a log line stays one. */
export function writeByte(writer: AsciiWriter, byte: u32): void {
  if (writer.at >= writer.end) return;
  store<u8>(writer.at, byte >= 0x20 && byte < 0x7f ? byte : 0x3f);
  writer.at++;
}

/** `length` bytes of a region. */
export function writeBytes(writer: AsciiWriter, source: usize, length: i32): void {
  for (let i = 0; i < length && writer.at < writer.end; i++) {
    writeByte(writer, load<u8>(source + <usize>i));
  }
}

/** A static string. */
export function writeWord(writer: AsciiWriter, word: string): void {
  const source = changetype<usize>(word);
  for (let i = 0, n = word.length; i < n; i++) {
    writeByte(writer, load<u16>(source + ((<usize>i) << 1)));
  }
}

/** A whole number from 0 to 2^64 - 1, in decimal digits. */
export function writeInteger(writer: AsciiWriter, value: u64): void {
  let divisor: u64 = 1;
  for (let i = 0; i < 19 && value / divisor >= 10; i++) divisor *= 10;
  for (let i = 0; i < 20 && divisor > 0; i++) {
    writeByte(writer, 0x30 + <u32>((value / divisor) % 10));
    divisor /= 10;
  }
}

/** A bound: from 0 to 2^53, at most three decimals, no trailing zeros. */
export function writeBound(writer: AsciiWriter, value: f64): void {
  if (!(value >= 0 && value <= 9007199254740992)) return writeByte(writer, 0x3f);
  const whole = Math.floor(value);
  writeInteger(writer, <u64>whole);
  let thousandths = <i32>Math.round((value - whole) * 1000);
  if (thousandths <= 0 || thousandths >= 1000) return;
  writeByte(writer, 0x2e);
  for (let divisor = 100; thousandths > 0; divisor /= 10) {
    writeByte(writer, 0x30 + <u32>(thousandths / divisor));
    thousandths %= divisor;
  }
}
