// Strict base64: one spelling for each byte string; random bytes are in test/host/config-wasm.

import { base64Bytes, decodeBase64 } from "../../../assembly/config/base64";
import { bytesOf, lengthOf, textAt } from "./source-text";

const target = memory.data(64);

function decode(text: string, capacity: i32 = 64): i32 {
  return decodeBase64(bytesOf(text), lengthOf(text), target, capacity);
}

describe("base64", () => {
  it("decodes the examples of RFC 4648", () => {
    expect(decode("")).toBe(0);
    expect(textAt(target, decode("Zg=="))).toBe("f");
    expect(textAt(target, decode("Zm8="))).toBe("fo");
    expect(textAt(target, decode("Zm9v"))).toBe("foo");
    expect(textAt(target, decode("Zm9vYmFy"))).toBe("foobar");
  });

  it("refuses what has another spelling for its bytes", () => {
    expect(decode("Zh==")).toBe(-1);
    expect(decode("Zm9=")).toBe(-1);
    expect(decode("Zg")).toBe(-1);
    expect(decode("Zm 9")).toBe(-1);
  });

  it("names the group at fault", () => {
    expect(decode("Zm9vZm9vZ-9v")).toBe(-9);
  });

  it("tells the number of bytes beforehand, and refuses more than there is room for", () => {
    expect(base64Bytes(bytesOf("Zm9vYg=="), 8)).toBe(4);
    expect(decode("Zm9vYg==", 4)).toBe(4);
    expect(decode("Zm9vYg==", 3)).toBe(-1);
  });
});
