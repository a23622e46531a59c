// The writer behind log lines: bounded, and always one line of visible ASCII.

import {
  AsciiWriter,
  openWriter,
  writeBound,
  writeByte,
  writeBytes,
  writeInteger,
  writeWord,
} from "../../../assembly/config/ascii-writer";
import { bytesOf, lengthOf, textAt } from "./source-text";

const writer = changetype<AsciiWriter>(memory.data(offsetof<AsciiWriter>(), 8));
const target = memory.data(64);

function open(capacity: i32): void {
  memory.fill(target, 0x2a, 64);
  openWriter(writer, target, capacity);
}

function written(): string {
  return textAt(target, <i32>(writer.at - target));
}

function bound(value: f64): string {
  open(64);
  writeBound(writer, value);
  return written();
}

function integer(value: u64): string {
  open(64);
  writeInteger(writer, value);
  return written();
}

describe("the ASCII writer", () => {
  it("writes integers of any size", () => {
    expect(integer(0)).toBe("0");
    expect(integer(10)).toBe("10");
    expect(integer(9007199254740991)).toBe("9007199254740991");
    expect(integer(u64.MAX_VALUE)).toBe("18446744073709551615");
  });

  it("writes bounds with up to three decimals and no trailing zero", () => {
    expect(bound(0.001)).toBe("0.001");
    expect(bound(0.25)).toBe("0.25");
    expect(bound(2.5)).toBe("2.5");
    expect(bound(1000000)).toBe("1000000");
    expect(bound(NaN)).toBe("?");
    expect(bound(-1)).toBe("?");
  });

  it("replaces what would break the line", () => {
    open(64);
    const text = "a\n\té\u007fb";
    writeBytes(writer, bytesOf(text), lengthOf(text));
    expect(written()).toBe("a?????b");
  });

  it("stops at its end", () => {
    open(3);
    writeWord(writer, "abcdef");
    writeByte(writer, 0x78);
    expect(written()).toBe("abc");
    expect(load<u8>(target + 3)).toBe(0x2a);
  });
});
