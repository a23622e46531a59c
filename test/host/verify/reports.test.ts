// What programs read: JSON and SARIF, whose places and replacements are those of the patch; and which
// findings are reported at all.

import { Ajv } from "ajv";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { located, verifyTexts } from "../../../host-tools/src/verify";
import { editedText } from "../../../host-tools/src/verify/fix/text-edit";
import { jsonReport } from "../../../host-tools/src/verify/report/json-report";
import { sarifReport } from "../../../host-tools/src/verify/report/sarif-report";
import { VERSION } from "../../../host-tools/src/lib/version";
import { expectGolden } from "../../support/golden";
import { DEFECTS, readDefect } from "./defects";
import { SARIF_SCHEMA } from "./sarif-schema";

const folder = fileURLToPath(new URL("defects", import.meta.url));
const all = verifyTexts(DEFECTS.map(({ id }) => readDefect(folder, id, "broken")));

interface Region {
  startLine: number;
  startColumn: number;
  endLine: number;
  endColumn: number;
}
interface Result {
  ruleId: string;
  ruleIndex: number;
  fixes?: {
    artifactChanges: {
      artifactLocation: { uri: string };
      replacements: { deletedRegion: Region; insertedContent?: { text: string } }[];
    }[];
  }[];
}
interface Log {
  runs: [{ tool: { driver: { rules: { id: string }[] } }; results: Result[] }];
}

describe("SARIF", () => {
  const log = JSON.parse(sarifReport(all)) as Log;
  const [{ tool, results }] = log.runs;

  it("is of the form that the standard has", () => {
    const ajv = new Ajv({ allErrors: true, formats: { "uri-reference": true } });
    const validate = ajv.compile(SARIF_SCHEMA);
    expect(validate(log), ajv.errorsText(validate.errors)).toBe(true);
    expect(validate({ ...log, version: "2.0.0" })).toBe(false);
  });

  it("names in each result the rule at its index", () => {
    expect(results.length).toBe(all.findings.length);
    for (const { ruleId, ruleIndex } of results) {
      expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    }
  });

  it("has in its fixes what the patch does", () => {
    for (const [i, finding] of all.findings.entries()) {
      const changes = results[i]?.fixes?.[0]?.artifactChanges ?? [];
      expect(changes.length > 0).toBe(finding.fix !== undefined);
      for (const { artifactLocation, replacements } of changes) {
        const { file } = finding.fix!.find((edit) => edit.file.name === artifactLocation.uri)!;
        expect(replaced(file.text, replacements)).toBe(editedText(file, finding.fix!));
      }
    }
  });

  it("is what the golden file has, of the rules that have results", () => {
    const own = JSON.parse(sarifReport(verifyTexts([readDefect(folder, "D09", "broken")]))) as Log;
    const [first] = own.runs;
    const named = new Set(first.results.map(({ ruleId }) => ruleId));
    const { driver } = first.tool;
    driver.rules = driver.rules.filter(({ id }) => named.has(id));
    const text = JSON.stringify(
      own,
      (key, value: unknown) => (key === "ruleIndex" ? undefined : value),
      2,
    );
    expectGolden("verify/D09.sarif", `${text.replace(JSON.stringify(VERSION), '"VERSION"')}\n`);
  });
});

/** As a reader of SARIF makes the replacements: by lines and columns. */
function replaced(
  text: string,
  replacements: { deletedRegion: Region; insertedContent?: { text: string } }[],
): string {
  const lines = text.split("\n");
  const offset = (line: number, column: number): number =>
    lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  const edits = replacements.map(({ deletedRegion: region, insertedContent }, i) => ({
    from: offset(region.startLine, region.startColumn),
    to: offset(region.endLine, region.endColumn),
    text: insertedContent?.text ?? "",
    i,
  }));
  return edits
    .sort((a, b) => b.from - a.from || b.i - a.i)
    .reduce((now, { from, to, text: by }) => now.slice(0, from) + by + now.slice(to), text);
}

describe("JSON", () => {
  it("is what the golden file has", () => {
    expectGolden("verify/D10.json", jsonReport(verifyTexts([readDefect(folder, "D10", "broken")])));
  });
});

describe("findings", () => {
  const random = readDefect(folder, "D19", "broken");
  const annotated = (value: string): { name: string; text: string } => ({
    ...random,
    text: random.text.replace(
      "kind: DestinationRule\nmetadata:\n",
      `kind: DestinationRule\nmetadata:\n  annotations:\n    ganglion.dev/verify-ignore: "${value}"\n`,
    ),
  });

  it("are set aside by an annotation of their object that says why", () => {
    const { findings, ignored } = verifyTexts([annotated("random-balancing: one replica only")]);
    expect([findings.length, ignored]).toEqual([0, 1]);
    const other = verifyTexts([annotated("mirror-of-paid: free; weights-not-100: ratio")]);
    expect([other.findings.length, other.ignored]).toEqual([1, 0]);
  });

  it("stay where the annotation gives no reason", () => {
    const { findings } = verifyTexts([annotated("random-balancing")]);
    expect(findings.map(({ rule }) => rule.id).sort()).toEqual([
      "ignore-without-reason",
      "random-balancing",
    ]);
  });

  it("are those of the rules that were asked for", () => {
    const files = DEFECTS.map(({ id }) => readDefect(folder, id, "broken"));
    const only = verifyTexts(files, { only: ["timeout-chain"] }).findings;
    expect(only.map(({ rule }) => rule.id)).toEqual(["timeout-chain"]);
    const without = verifyTexts(files, { without: ["timeout-chain"] }).findings;
    expect(without.some(({ rule }) => rule.id === "timeout-chain")).toBe(false);
    expect(() => verifyTexts(files, { only: ["timeouts"] })).toThrow("no rule is called timeouts");
  });

  it("come in the order of the files and of their lines", () => {
    const places = all.findings.map(located).map(({ file, line }) => [file, line] as const);
    const sorted = [...places].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]));
    expect(places).toEqual(sorted);
  });
});
