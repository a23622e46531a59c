// What the tool says: guesses for mistyped words, and reports of errors.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorReport } from "../../../host-tools/src/lib/error-report";
import { GanglionError } from "../../../host-tools/src/lib/errors";
import { nearest } from "../../../host-tools/src/lib/nearest";

describe("the nearest word", () => {
  const known = ["services", "mesh", "mode", "version"];

  it("is the one with a letter missing, doubled, changed or swapped", () => {
    expect(nearest("service", known)).toBe("services");
    expect(nearest("meshh", known)).toBe("mesh");
    expect(nearest("mods", known)).toBe("mode");
    expect(nearest("srevices", known)).toBe("services");
  });

  it("is none when nothing is near", () => {
    expect(nearest("frobnicate", known)).toBeUndefined();
    expect(nearest("", known)).toBeUndefined();
  });

  it("of a known word is the word", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (words) => {
        for (const word of words) expect(nearest(word, words)).toBe(word);
      }),
      { seed: 3 },
    );
  });
});

describe("an error's report", () => {
  it("says what is wrong, what to do and the code to search for", () => {
    const error = new GanglionError("E_X", "epoch 3 is not above 4", {
      hint: "Use 5.",
      exitCode: 65,
    });
    expect(errorReport(error)).toEqual({
      lines: ["error: epoch 3 is not above 4", "hint: Use 5.", "code: E_X"],
      exitCode: 65,
    });
  });

  it("calls internal what nobody raised on purpose", () => {
    const { lines, exitCode } = errorReport(new TypeError("x is not a function"));
    expect(lines[0]).toBe("error: internal: x is not a function");
    expect(exitCode).toBe(1);
    expect(errorReport("text").lines[0]).toBe("error: internal: text");
  });

  it("shows stacks and causes when asked to", () => {
    const error = new GanglionError("E_X", "outer", { cause: new Error("inner") });
    expect(errorReport(error).lines.join("\n")).not.toContain("inner");
    expect(errorReport(error, true).lines.join("\n")).toContain("cause: Error: inner");
  });
});
