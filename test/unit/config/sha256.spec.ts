// SHA-256 on the standard's examples; every length against node:crypto is in test/host/config-wasm.

import { sha256 } from "../../../assembly/config/sha256";
import { bytesOf, lengthOf } from "./source-text";

const digest = memory.data(32);

function hex(text: string): string {
  sha256(bytesOf(text), lengthOf(text), digest);
  let out = "";
  for (let i = 0; i < 32; i++)
    out += load<u8>(digest + i)
      .toString(16)
      .padStart(2, "0");
  return out;
}

describe("SHA-256", () => {
  it("gives the digests of FIPS 180-4", () => {
    expect(hex("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).toBe(
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    );
  });

  it("may write its digest over its source", () => {
    memory.fill(digest, 0, 32);
    sha256(digest, 32, digest);
    const once = load<u64>(digest);
    memory.fill(digest, 0, 32);
    sha256(bytesOf("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 32, digest);
    expect(load<u64>(digest)).toBe(once);
  });
});
