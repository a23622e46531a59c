import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unifiedDiff } from "../../../host-tools/src/diff/line-diff";

const sides = { before: "a/text", after: "b/text" };
const lines = (...list: string[]): string => list.map((line) => `${line}\n`).join("");

describe("a unified diff", () => {
  it("of equal texts is empty", () => {
    expect(unifiedDiff("a\nb\n", "a\nb\n", sides)).toBe("");
    expect(unifiedDiff("", "", sides)).toBe("");
  });

  it("shows three lines around a change", () => {
    const before = lines("1", "2", "3", "4", "5", "6", "7", "8");
    const after = lines("1", "2", "3", "4", "five", "6", "7", "8");
    expect(unifiedDiff(before, after, sides)).toBe(
      lines(
        "--- a/text",
        "+++ b/text",
        "@@ -2,7 +2,7 @@",
        " 2",
        " 3",
        " 4",
        "-5",
        "+five",
        " 6",
        " 7",
        " 8",
      ),
    );
  });

  it("of a new text names no line of the old", () => {
    expect(unifiedDiff("", "a\n", sides)).toBe(
      lines("--- a/text", "+++ b/text", "@@ -0,0 +1 @@", "+a"),
    );
  });

  it("tells a huge change as one replacement instead of searching it", () => {
    const many = (word: string) => lines(...Array.from({ length: 3000 }, (_, i) => `${word}${i}`));
    const diff = unifiedDiff(many("a"), many("b"), sides);
    expect(diff.split("\n").filter((line) => /^[-+]\w/.test(line))).toHaveLength(6000);
  });

  it("applies with git, whatever the texts", () => {
    const folder = mkdtempSync(join(tmpdir(), "ganglion-diff-"));
    const text = fc
      .array(fc.constantFrom("a", "b", "c", "d", ""), { minLength: 1, maxLength: 30 })
      .map((list) => lines(...list));
    try {
      fc.assert(
        fc.property(text, text, (before, after) => {
          fc.pre(before !== after);
          writeFileSync(join(folder, "text"), before);
          const input = unifiedDiff(before, after, sides);
          execFileSync("git", ["apply", "--whitespace=nowarn", "-"], { cwd: folder, input });
          expect(readFileSync(join(folder, "text"), "utf8")).toBe(after);
        }),
        { seed: 1, numRuns: 40 },
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
