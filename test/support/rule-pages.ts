// The pages of docs/rules as tests read them: each has the same headings, in the same order.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../docs/rules/", import.meta.url));
/** Pages of the folder that are of no rule. */
const OTHERS = ["README.md", "samples.md"];

export const PAGE_HEADINGS = [
  "Fails",
  "Why",
  "What you see",
  "Fixed",
  "When to set it aside",
  "What istioctl says",
] as const;

export interface RulePage {
  readonly rule: string;
  readonly path: string;
  readonly text: string;
  /** The sentence below the title. */
  readonly summary: string;
  readonly headings: readonly string[];
  /** YAML of the two examples. */
  readonly broken: string;
  readonly fixed: string;
  /** What the page says that verify says of the broken example. */
  readonly quote: string;
  /** Codes of istioctl that the page tells, sorted. */
  readonly codes: readonly string[];
}

/** In the order of their names. */
export function rulePages(): RulePage[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".md") && !OTHERS.includes(name))
    .map((name) => readPage(name.replace(/\.md$/, "")));
}

/** Text of README.md, the table of all. */
export function rulesIndex(): string {
  return readFileSync(`${FOLDER}README.md`, "utf8");
}

function readPage(rule: string): RulePage {
  const path = `${FOLDER}${rule}.md`;
  const text = readFileSync(path, "utf8");
  const [intro = "", ...sections] = text.split(/^## /m);
  const byHeading = new Map(
    sections.map((section) => {
      const end = section.indexOf("\n");
      return [section.slice(0, end), section.slice(end + 1)];
    }),
  );
  const said = byHeading.get("What istioctl says") ?? "";
  return {
    rule,
    path,
    text,
    summary: intro.split("\n\n")[1]?.replaceAll("\n", " ").trim() ?? "",
    headings: [...byHeading.keys()],
    broken: yamlOf(byHeading.get("Fails")),
    fixed: yamlOf(byHeading.get("Fixed")),
    quote: /^> (.*)$/m.exec(byHeading.get("Fails") ?? "")?.[1] ?? "",
    codes: [...new Set(said.match(/\bIST\d{4}\b/g) ?? [])].sort(),
  };
}

function yamlOf(section = ""): string {
  return /^```yaml\n([\s\S]*?)^```$/m.exec(section)?.[1] ?? "";
}
