// SHA-256, base64 and the hashes of the filter against Node's and against independent twins.

import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configLab } from "./config-lab";
import { referenceHash64, referenceSipHash } from "./reference-hashes";

const lab = configLab();
const PARAMETERS = { seed: 20261, numRuns: 400 };
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function sha256(bytes: Uint8Array): string {
  lab.exports.sha256(lab.place(bytes), bytes.length, lab.free);
  return lab.memory().toString("hex", lab.free, lab.free + 32);
}

function decode(text: string, capacity = 98304): Buffer | number {
  const bytes = Buffer.from(text, "latin1");
  const length = lab.exports.decodeBase64(lab.place(bytes), bytes.length, lab.artifact, capacity);
  return length < 0
    ? length
    : Buffer.from(lab.memory().subarray(lab.artifact, lab.artifact + length));
}

describe("SHA-256 equals node:crypto", () => {
  it("at every length around the block boundaries", () => {
    for (let length = 0; length <= 260; length++) {
      const bytes = Buffer.alloc(length, length);
      expect(sha256(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
  });

  it("on random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => {
        return sha256(bytes) === createHash("sha256").update(bytes).digest("hex");
      }),
      PARAMETERS,
    );
  });

  it("on the largest artifact", () => {
    const bytes = Buffer.from(Array.from({ length: 98304 }, (_, i) => (i * 31) >> 3));
    expect(sha256(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
  });
});

describe("base64", () => {
  it("decodes what Buffer encodes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect(decode(text)).toEqual(Buffer.from(bytes));
      }),
      PARAMETERS,
    );
  });

  it("accepts a text exactly when encoding its bytes gives the text again", () => {
    const letters = fc.constantFrom(..."AZaz09+/=-_ \n\u00e9B");
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 12 }), (array) => {
        const text = array.join("");
        const canonical = Buffer.from(text, "base64").toString("base64") === text;
        expect(typeof decode(text) === "object").toBe(canonical && BASE64.test(text));
      }),
      { ...PARAMETERS, numRuns: 5000 },
    );
  });

  it("names the group at fault", () => {
    expect(decode("AAAA*AAA")).toBe(-5);
    expect(decode("AAAAAAB=")).toBe(-5);
    expect(decode("AAAA====")).toBe(-5);
    expect(decode("AA=A")).toBe(-1);
    expect(decode("AAA")).toBe(-1);
  });

  it("writes nothing when the capacity does not suffice", () => {
    lab.memory().fill(7, lab.artifact, lab.artifact + 8);
    expect(decode("AAAAAAAA", 5)).toBe(-1);
    expect(lab.memory().subarray(lab.artifact, lab.artifact + 8)).toEqual(Buffer.alloc(8, 7));
    expect(decode("AAAAAAA=", 5)).toEqual(Buffer.alloc(5));
  });
});

describe("hashes", () => {
  it("hash64 equals its twin, joined or not", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(80), (bytes, cut) => {
        const at = lab.place(bytes);
        expect(BigInt.asUintN(64, lab.exports.hash64(at, bytes.length))).toBe(
          referenceHash64(bytes),
        );
        const a = Math.min(cut, bytes.length);
        const b = bytes.length - a;
        const joined = Buffer.concat([bytes.subarray(0, a), Buffer.alloc(1), bytes.subarray(a)]);
        expect(BigInt.asUintN(64, lab.exports.hash64Joined(at, a, at + a, b))).toBe(
          referenceHash64(joined),
        );
      }),
      PARAMETERS,
    );
  });

  it("SipHash-1-3 and -2-4 equal their twin", () => {
    const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), word, word, (bytes, k0, k1) => {
        const at = lab.place(bytes);
        const short = lab.exports.sipHash13(at, bytes.length, k0, k1);
        expect(BigInt.asUintN(64, short)).toBe(referenceSipHash(bytes, k0, k1, [1, 3]));
        const long = lab.exports.sipHash24(at, bytes.length, k0, k1);
        expect(BigInt.asUintN(64, long)).toBe(referenceSipHash(bytes, k0, k1, [2, 4]));
      }),
      PARAMETERS,
    );
  });

  it("SipHash-2-4 gives the authors' vectors for keys 00..0f and messages 00, 0001, ...", () => {
    const key = [0x0706050403020100n, 0x0f0e0d0c0b0a0908n] as const;
    const message = Buffer.from(Array.from({ length: 15 }, (_, i) => i));
    const of = (length: number): bigint => {
      const at = lab.place(message.subarray(0, length));
      return BigInt.asUintN(64, lab.exports.sipHash24(at, length, ...key));
    };
    expect(of(0)).toBe(0x726fdb47dd0e0e31n);
    expect(of(1)).toBe(0x74f839c593dc67fdn);
    expect(of(8)).toBe(0x93f5f5799a932462n);
    expect(of(15)).toBe(0xa129ca6149be45e5n);
  });
});
