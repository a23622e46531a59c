import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { tarOfFile } from "../../../host-tools/src/oci/tar";
import { expectGolden } from "./golden";

/** 16 bytes a line, zero lines left out: a diff of it can be read. */
function dump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = Buffer.from(bytes.subarray(at, at + 16));
    if (row.every((byte) => byte === 0)) continue;
    const text = row.toString("latin1").replace(/[^\x20-\x7e]/g, ".");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${row.toString("hex")}  ${text}`);
  }
  return `${lines.join("\n")}\n${bytes.length} bytes\n`;
}

describe("the one-entry tar", () => {
  it("has exactly the golden bytes", () => {
    expectGolden("plugin.tar.txt", dump(tarOfFile("plugin.wasm", Buffer.from("not a module"))));
  });

  it("is read by the system's tar as one plain file of nobody in particular", () => {
    const archive = tarOfFile("plugin.wasm", Buffer.from("content"));
    const listed = execFileSync("tar", ["--utc", "--full-time", "--numeric-owner", "-tvf", "-"], {
      input: archive,
      encoding: "utf8",
    });
    expect(listed.trim()).toMatch(/^-rw-r--r-- 0\/0 +7 1970-01-01 00:00:00 plugin\.wasm$/);
  });

  it("gives any content back through the system's tar", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1600 }), (content) => {
        const archive = tarOfFile("plugin.wasm", content);
        expect(archive.length % 512).toBe(0);
        const extracted = execFileSync("tar", ["-xOf", "-"], { input: archive });
        expect(Buffer.compare(extracted, content)).toBe(0);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  it.each(["../plugin.wasm", "/plugin.wasm", "a/b", "", ".hidden", "a\0b", "x".repeat(101), "ä"])(
    "refuses the file name %j",
    (name) => {
      expect(() => tarOfFile(name, new Uint8Array(0))).toThrow(
        expect.objectContaining({ code: "E_TAR_NAME" }),
      );
    },
  );
});
