// Short texts in fixed memory: exact bytes, and nothing past the end.

import {
  appendByte,
  appendBytes,
  appendLabel,
  appendLiteral,
  appendLiteralLabel,
  appendNumber,
  appendNumberLabel,
  beginText,
  textBytes,
  textPtr,
} from "../../../assembly/edge/text";
import { bytesOf, lengthOf, textAt } from "../config/source-text";

const CAPACITY: i32 = 1024;

function built(): string {
  return textAt(textPtr(), textBytes());
}

function number(value: u64): string {
  beginText();
  appendNumber(value);
  return built();
}

describe("a text", () => {
  it("is empty when it begins", () => {
    appendLiteral("old");
    beginText();
    expect(textBytes()).toBe(0);
  });

  it("is what was appended, in order", () => {
    beginText();
    appendLiteral("score ");
    appendNumber(977);
    appendByte(0x3a);
    appendBytes(bytesOf("chat"), lengthOf("chat"));
    expect(built()).toBe("score 977:chat");
  });

  it("writes any whole number in decimal", () => {
    expect(number(0)).toBe("0");
    expect(number(9)).toBe("9");
    expect(number(10)).toBe("10");
    expect(number(1000000)).toBe("1000000");
    expect(number(9999999999999999999)).toBe("9999999999999999999");
    expect(number(10000000000000000000)).toBe("10000000000000000000");
    expect(number(u64.MAX_VALUE)).toBe("18446744073709551615");
  });

  it("spells labels as Istio takes them apart", () => {
    beginText();
    appendLabel("route", bytesOf("chat"), 4);
    appendLiteralLabel("verdict", "shed");
    appendNumberLabel("worker", 12);
    appendLiteral("ganglion_verdicts_total");
    expect(built()).toBe("route=.=chat;.;verdict=.=shed;.;worker=.=12;.;ganglion_verdicts_total");
  });

  it("drops what does not fit, whatever is appended", () => {
    beginText();
    for (let i = 0; i < 200; i++) appendLiteral("0123456789");
    expect(textBytes()).toBe(CAPACITY);
    appendByte(1);
    appendNumber(12345);
    appendBytes(textPtr(), 100);
    appendLiteral("more");
    expect(textBytes()).toBe(CAPACITY);
    expect(load<u8>(textPtr() + <usize>CAPACITY - 1)).toBe(0x33);
  });

  it("takes a negative length for nothing", () => {
    beginText();
    appendBytes(textPtr(), -5);
    expect(textBytes()).toBe(0);
  });
});
