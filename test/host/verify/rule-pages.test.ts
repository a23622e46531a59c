import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { located, RULES, verifyTexts } from "../../../host-tools/src/verify";
import { WITNESSES } from "../../../host-tools/src/verify/witness/witnesses";
import { PAGE_HEADINGS, rulePages, rulesIndex, type RulePage } from "../../support/rule-pages";

const pages = rulePages();
const byRule = new Map(pages.map((page) => [page.rule, page]));

function findingsOf(text: string) {
  const name = "example.yaml";
  return verifyTexts([{ name, text }], { namespace: "ai-services" }).findings.map(located);
}

/** As the page quotes it; UPDATE_GOLDEN=1 writes it there, with the rule's own sentence. */
function quoteOf(page: RulePage): string {
  const own = findingsOf(page.broken).find(({ rule }) => rule === page.rule);
  if (own === undefined) return "";
  const quote = `${own.object}, line ${own.line}: ${own.message}`;
  if (process.env["UPDATE_GOLDEN"] === "1") {
    const summary = RULES.find(({ id }) => id === page.rule)!.summary;
    const text = page.text.replace(`> ${page.quote}`, () => `> ${quote}`);
    writeFileSync(
      page.path,
      text.replace(page.summary, () => summary),
    );
  }
  return quote;
}

describe("the pages of docs/rules", () => {
  it("are one for each rule", () => {
    expect(pages.map(({ rule }) => rule)).toEqual(RULES.map(({ id }) => id).sort());
  });

  it("stand in the table, in the order of the rules, with severity and summary", () => {
    const rows = [...rulesIndex().matchAll(/^\| \[([a-z0-9-]+)\].*$/gm)];
    expect(rows.map(([, rule]) => rule)).toEqual(RULES.map(({ id }) => id));
    for (const [i, { severity, summary, id }] of RULES.entries()) {
      const cells = rows[i]![0].split("|").map((cell) => cell.trim());
      expect(cells.slice(1, 4)).toEqual([`[${id}](${id}.md)`, severity, summary]);
    }
  });

  it("name a witness in the table where there is one", () => {
    const named = [...rulesIndex().matchAll(/^\| \[([a-z0-9-]+)\].*\| yes /gm)].map(([, id]) => id);
    expect(named.sort()).toEqual(WITNESSES.map(({ rule }) => rule).sort());
    for (const { rule } of WITNESSES) {
      expect(byRule.get(rule)?.text).toContain(`ganglion verify --witness ${rule}`);
    }
  });

  it.each(RULES.map(({ id }) => id))("of %s has all parts and the rule's own words", (id) => {
    const page = byRule.get(id)!;
    const quote = quoteOf(page);
    expect(page.headings).toEqual(PAGE_HEADINGS);
    expect(page.text).toMatch(new RegExp(`^# ${id}\n`));
    expect(page.summary).toBe(RULES.find((rule) => rule.id === id)!.summary);
    expect(page.quote).toBe(quote);
  });

  it.each(RULES.map(({ id }) => id))(
    "of %s: its first example fails, its second is clean",
    (id) => {
      const { broken, fixed } = byRule.get(id)!;
      const found = findingsOf(broken).map(({ rule }) => rule);
      expect(found).toContain(id);
      // The one page about setting findings aside shows a second that was not.
      const others = id === "ignore-without-reason" ? ["random-balancing"] : [];
      expect(found.filter((rule) => rule !== id)).toEqual(others);
      expect(findingsOf(fixed).map(({ rule, message }) => `${rule}: ${message}`)).toEqual([]);
    },
  );
});
