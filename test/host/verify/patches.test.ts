// A patch applies with git, ends the finding that it came with, and starts none.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { located, type RuledFinding, verifyTexts } from "../../../host-tools/src/verify";
import { chooseFixes } from "../../../host-tools/src/verify/fix/write-fixes";
import { editedText } from "../../../host-tools/src/verify/fix/text-edit";
import { DEFECTS, readDefect } from "./defects";
import { RULE_CASES } from "./rule-cases";

interface Text {
  readonly name: string;
  readonly text: string;
}

const folder = fileURLToPath(new URL("defects", import.meta.url));
const inputs: readonly (readonly [string, Text])[] = [
  ...DEFECTS.map(({ id }) => [id, readDefect(folder, id, "broken")] as const),
  ...RULE_CASES.flatMap(({ rule, broken }) =>
    broken.map((text, i) => [`${rule} ${i + 1}`, { name: `${rule}.yaml`, text }] as const),
  ),
];
let place = "";

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "ganglion-patches-"));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe("a patch", () => {
  it.each(inputs)("ends its finding and starts none: %s", (_name, input) => {
    const before = verifyTexts([input]).findings;
    for (const finding of before) {
      const { patch, rule } = located(finding);
      if (patch === undefined) continue;
      const after = verifyTexts([{ ...input, text: gitApply(input, patch) }]).findings;
      const left = counts(after);
      const had = counts(before);
      const key = keyOf(finding);
      expect(left.get(key) ?? 0, `${rule} still there`).toBeLessThan(had.get(key) ?? 0);
      for (const [other, n] of left) expect(n, other).toBeLessThanOrEqual(had.get(other) ?? 0);
    }
  });

  it.each(inputs)("with those of all others leaves nothing that has one: %s", (_name, input) => {
    let { text } = input;
    for (let round = 0; round < 5; round++) {
      const { findings } = verifyTexts([{ ...input, text }]);
      const { edits } = chooseFixes(findings);
      const [first] = edits;
      if (first === undefined) break;
      text = editedText(first.file, edits);
    }
    const rest = verifyTexts([{ ...input, text }]).findings;
    expect(rest.filter((finding) => finding.fix !== undefined).map(located)).toEqual([]);
  });

  it("takes short tries out, and leaves a timeout that is long enough", () => {
    const { broken = [] } = RULE_CASES.find(({ rule }) => rule === "timeout-sequence") ?? {};
    const { findings } = verifyTexts([{ name: "a.yaml", text: broken[1] ?? "" }]);
    const { edits } = chooseFixes(findings);
    const text = editedText(edits[0]!.file, edits);
    expect(text).toContain("- timeout: 70s\n      retries:\n        attempts: 0\n");
  });

  it("comes with almost every finding", () => {
    const all = inputs.flatMap(([, input]) => verifyTexts([input]).findings);
    const without = all.filter((finding) => finding.fix === undefined);
    expect([...new Set(without.map((finding) => finding.rule.id))].sort()).toEqual([
      "caller-not-allowed",
      "destination-rule-twice",
      "ignore-without-reason",
      "image-without-digest",
      "route-refused",
      "subset-without-pods",
    ]);
  });
});

function gitApply(input: Text, patch: string): string {
  const file = join(place, input.name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, input.text);
  execFileSync("git", ["apply", "-p1", "-"], { cwd: place, input: patch });
  return readFileSync(file, "utf8");
}

function keyOf(finding: RuledFinding): string {
  return finding.rule.id;
}

function counts(findings: readonly RuledFinding[]): Map<string, number> {
  const table = new Map<string, number>();
  for (const finding of findings) table.set(keyOf(finding), (table.get(keyOf(finding)) ?? 0) + 1);
  return table;
}
