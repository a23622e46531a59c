// What a text may contain, rule by rule.

import { checkText, textEquals } from "../../../assembly/config/text-rule";
import { TextRule } from "../../../assembly/contract/config";
import { ConfigProblem } from "../../../assembly/contract/config-problem";
import { bytesOf, lengthOf } from "./source-text";

function check(rule: TextRule, text: string): i32 {
  return checkText(rule, bytesOf(text), lengthOf(text));
}

describe("text rules", () => {
  it("names start with a letter or digit and go on with '-', '_' and '.' as well", () => {
    expect(check(TextRule.Name, "gpt-4o_mini.v2")).toBe(ConfigProblem.None);
    expect(check(TextRule.Name, "-a")).toBe(ConfigProblem.NotName);
    expect(check(TextRule.Name, "a;b")).toBe(ConfigProblem.NotName);
    expect(check(TextRule.Name, "é")).toBe(ConfigProblem.NotName);
  });

  it("tokens are visible ASCII", () => {
    expect(check(TextRule.Token, "!~tier=gold")).toBe(ConfigProblem.None);
    expect(check(TextRule.Token, "a b")).toBe(ConfigProblem.NotToken);
    expect(check(TextRule.Token, "a\u007f")).toBe(ConfigProblem.NotToken);
  });

  it("header names are lower-case", () => {
    expect(check(TextRule.HeaderName, "x-user_tier-2")).toBe(ConfigProblem.None);
    expect(check(TextRule.HeaderName, "X-user")).toBe(ConfigProblem.NotHeaderName);
    expect(check(TextRule.HeaderName, ":path")).toBe(ConfigProblem.NotHeaderName);
  });

  it("paths start with a slash", () => {
    expect(check(TextRule.Path, "/api?x=1")).toBe(ConfigProblem.None);
    expect(check(TextRule.Path, "api")).toBe(ConfigProblem.NotPath);
    expect(check(TextRule.Path, "/a b")).toBe(ConfigProblem.NotPath);
  });

  it("digests are lower-case hexadecimal", () => {
    expect(check(TextRule.Sha256, "0123456789abcdef")).toBe(ConfigProblem.None);
    expect(check(TextRule.Sha256, "F0")).toBe(ConfigProblem.NotSha256);
    expect(check(TextRule.Sha256, "g0")).toBe(ConfigProblem.NotSha256);
  });

  it("texts are equal byte by byte", () => {
    const text = bytesOf("abcabd");
    expect(textEquals(text, 2, text + 3, 2)).toBe(true);
    expect(textEquals(text, 3, text + 3, 3)).toBe(false);
    expect(textEquals(text, 2, text + 3, 3)).toBe(false);
  });
});
