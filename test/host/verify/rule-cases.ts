// Files of rules/: for each rule what it must find (broken-N.yaml) and what it must not (fine-N.yaml).

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface RuleCase {
  readonly rule: string;
  readonly broken: readonly string[];
  readonly fine: readonly string[];
}

const folder = fileURLToPath(new URL("rules/", import.meta.url));

export const RULE_CASES: readonly RuleCase[] = readdirSync(folder)
  .sort()
  .map((rule) => {
    const files = readdirSync(folder + rule).sort();
    const texts = (form: string): string[] =>
      files
        .filter((file) => file.startsWith(`${form}-`))
        .map((file) => readFileSync(`${folder}${rule}/${file}`, "utf8"));
    return { rule, broken: texts("broken"), fine: texts("fine") };
  });
