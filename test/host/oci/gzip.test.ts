import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { gzipStored } from "../../../host-tools/src/oci/gzip";

describe("the stored gzip", () => {
  it("gives any content back through zlib", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (content) => {
        expect(Buffer.compare(gunzipSync(gzipStored(content)), content)).toBe(0);
      }),
      { seed: 1 },
    );
  });

  it.each([0, 1, 65_534, 65_535, 65_536, 131_070, 131_071])(
    "splits %i bytes into blocks that zlib joins",
    (sizeBytes) => {
      const content = Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 31) & 255);
      const packed = gzipStored(content);
      expect(Buffer.compare(gunzipSync(packed), content)).toBe(0);
      const blocks = Math.max(1, Math.ceil(sizeBytes / 65_535));
      expect(packed.length).toBe(sizeBytes + 10 + 5 * blocks + 8);
    },
  );

  it("joins any number of members", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1 }), (parts) => {
        expect(gunzipSync(gzipStored(...parts)).equals(Buffer.concat(parts))).toBe(true);
      }),
      { seed: 1 },
    );
  });

  it("names neither a time nor a system", () => {
    const header = Buffer.from(gzipStored(Uint8Array.of(1)).subarray(0, 10));
    expect(header.toString("hex")).toBe("1f8b08000000000000ff");
  });
});
