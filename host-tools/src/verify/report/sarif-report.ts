// Findings as SARIF 2.1.0, which code hosts and editors show at the line, patches included.

import { VERSION } from "../../lib/version";
import type { TextEdit } from "../fix/text-edit";
import type { Rule } from "../rule";
import { RULES } from "../rules";
import { regionOf, regionOfPiece, type Region } from "../source/place";
import type { SourceFile } from "../source/source-file";
import type { View } from "../source/view";
import type { RuledFinding, Verdict } from "../verify";
import { docsPage, located } from "./located";

const SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json";

export function sarifReport(verdict: Verdict): string {
  const log = {
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "ganglion", version: VERSION, rules: RULES.map(ruleOf) } },
        // What SARIF counts as columns; JavaScript's strings are of such units.
        columnKind: "utf16CodeUnits",
        results: verdict.findings.map(resultOf),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}

function ruleOf(rule: Rule): object {
  return {
    id: rule.id,
    shortDescription: { text: rule.summary },
    help: { text: `See ${docsPage(rule.id)}.`, markdown: `[${rule.id}](${docsPage(rule.id)})` },
    defaultConfiguration: { level: rule.severity },
  };
}

function resultOf(finding: RuledFinding): object {
  const { object, path } = located(finding);
  const related = finding.related ?? [];
  return {
    ruleId: finding.rule.id,
    ruleIndex: RULES.indexOf(finding.rule),
    level: finding.rule.severity,
    message: { text: `${finding.message} ${finding.advice}` },
    locations: [
      {
        ...locationOf(finding.at, regionOfPiece(finding.at, finding.piece)),
        logicalLocations: [{ fullyQualifiedName: `${object} ${path}`.trim(), kind: "object" }],
      },
    ],
    ...(related.length === 0
      ? {}
      : {
          relatedLocations: related.map(({ at, message }, id) => ({
            id,
            ...locationOf(at, regionOf(at)),
            message: { text: message },
          })),
        }),
    ...(finding.fix === undefined ? {} : { fixes: [fixOf(finding.advice, finding.fix)] }),
  };
}

function locationOf(view: View, { from, to }: Region): object {
  return {
    physicalLocation: {
      artifactLocation: artifact(view.object.file),
      region: region(view.object.file, from, to),
    },
  };
}

function fixOf(advice: string, edits: readonly TextEdit[]): object {
  const files = [...new Set(edits.map((edit) => edit.file))];
  return {
    description: { text: advice },
    artifactChanges: files.map((file) => ({
      artifactLocation: artifact(file),
      replacements: edits
        .filter((edit) => edit.file === file)
        .map(({ from, to, text }) => ({
          deletedRegion: region(file, from, to),
          ...(text === "" ? {} : { insertedContent: { text } }),
        })),
    })),
  };
}

/** A relative name is a relative URI; the reader knows the root. */
function artifact(file: SourceFile): object {
  return { uri: file.name.split("/").map(encodeURIComponent).join("/") };
}

function region(file: SourceFile, from: number, to: number): object {
  const start = file.positionOf(from);
  const end = file.positionOf(to);
  return {
    startLine: start.line,
    startColumn: start.column,
    endLine: end.line,
    endColumn: end.column,
  };
}
