// SipHash against the authors' vectors (key 00 01 ... 0f, messages 00, 00 01, ...).

import { sipHash, sipHash13 } from "../../../assembly/state/siphash";

const K0: u64 = 0x0706050403020100;
const K1: u64 = 0x0f0e0d0c0b0a0908;
const message = memory.data<u8>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

describe("SipHash", () => {
  it("gives the published values of SipHash-2-4", () => {
    expect(sipHash(message, 0, K0, K1, 2, 4)).toBe(0x726fdb47dd0e0e31);
    expect(sipHash(message, 1, K0, K1, 2, 4)).toBe(0x74f839c593dc67fd);
    expect(sipHash(message, 8, K0, K1, 2, 4)).toBe(0x93f5f5799a932462);
    expect(sipHash(message, 15, K0, K1, 2, 4)).toBe(0xa129ca6149be45e5);
  });

  it("gives the published value of SipHash-1-3 for the empty message", () => {
    expect(sipHash13(message, 0, K0, K1)).toBe(0xabac0158050fc4dc);
  });

  it("depends on both halves of the key and on the length", () => {
    const hash = sipHash13(message, 8, K0, K1);
    expect(sipHash13(message, 8, K0 + 1, K1)).not.toBe(hash);
    expect(sipHash13(message, 8, K0, K1 + 1)).not.toBe(hash);
    expect(sipHash13(message, 9, K0, K1)).not.toBe(hash);
  });

  it("takes a negative length for 0", () => {
    expect(sipHash13(message, -5, K0, K1)).toBe(sipHash13(message, 0, K0, K1));
  });
});
