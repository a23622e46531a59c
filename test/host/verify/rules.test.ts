// Every rule on small meshes of its own: what it finds, in the words of the golden file, and what it
// leaves alone.

import { describe, expect, it } from "vitest";
import { located, RULES, verifyTexts } from "../../../host-tools/src/verify";
import { expectGolden } from "../../support/golden";
import { RULE_CASES } from "./rule-cases";

describe("a rule", () => {
  it.each(RULE_CASES)("finds what it is for: $rule", ({ rule, broken }) => {
    const told = broken.map((text, i) => {
      const { findings } = verifyTexts([{ name: `broken-${i + 1}.yaml`, text }]);
      const own = findings.map(located).filter((finding) => finding.rule === rule);
      expect(own.length).toBeGreaterThan(0);
      return own.map(({ file, line, column, message, advice }) => {
        return `${file}:${line}:${column} ${message}\n  ${advice}\n`;
      });
    });
    expectGolden(`verify/rules/${rule}.txt`, told.flat().join(""));
  });

  it.each(RULE_CASES)("leaves the rest alone, and so do all others: $rule", ({ fine }) => {
    for (const text of fine) {
      expect(verifyTexts([{ name: "fine.yaml", text }]).findings.map(located)).toEqual([]);
    }
  });

  it("has cases, each of them", () => {
    const tried = RULE_CASES.map((one) => one.rule);
    expect(RULES.map((rule) => rule.id).sort()).toEqual([...tried].sort());
  });

  it("has a name of its own, and a summary that is one sentence", () => {
    expect(new Set(RULES.map((rule) => rule.id)).size).toBe(RULES.length);
    for (const { id, summary } of RULES) {
      expect(id).toMatch(/^[a-z0-9-]+$/);
      expect(summary).toMatch(/^\w((?!\. ).)*\.$/);
    }
  });
});
