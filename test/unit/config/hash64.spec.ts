// The hash of trusted names, pinned: a change would forget everything learnt.

import { hash64, hash64Joined } from "../../../assembly/config/hash64";
import { bytesOf } from "./source-text";

describe("hash64", () => {
  it("of two texts is that of the texts with a zero byte between them", () => {
    const joined = bytesOf("chat\0gpt-4o");
    expect(hash64Joined(joined, 4, joined + 5, 6)).toBe(hash64(joined, 11));
  });

  it("tells where one text ends and the other begins", () => {
    const text = bytesOf("abcd");
    expect(hash64Joined(text, 1, text + 1, 3)).not.toBe(hash64Joined(text, 2, text + 2, 2));
  });

  it("never changes: learnt state is keyed by it", () => {
    expect(hash64(0, 0)).toBe(0xefd01f60ba992926);
    expect(hash64(bytesOf("chat"), 4)).toBe(0xff647b523a9c9456);
  });
});
