// A finding with its place spelt out; the form that JSON output has.

import { unifiedDiff } from "../fix/unified-diff";
import type { Severity } from "../rule";
import { objectName } from "../source/mesh-object";
import { regionOf, regionOfPiece } from "../source/place";
import type { View } from "../source/view";
import type { RuledFinding } from "../verify";

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface LocatedFinding extends Place {
  readonly rule: string;
  readonly severity: Severity;
  /** Behind the last character. */
  readonly end_line: number;
  readonly end_column: number;
  /** `Kind namespace/name`. */
  readonly object: string;
  readonly path: string;
  readonly message: string;
  readonly advice: string;
  /** Unified diff against the files as they were read. */
  readonly patch?: string;
  readonly related: readonly (Place & { readonly message: string })[];
  /** Page of the rule in the project. */
  readonly docs: string;
}

export function located(finding: RuledFinding): LocatedFinding {
  const { start, end } = regionOfPiece(finding.at, finding.piece);
  return {
    rule: finding.rule.id,
    severity: finding.rule.severity,
    file: finding.at.object.file.name,
    ...start,
    end_line: end.line,
    end_column: end.column,
    object: objectName(finding.at.object),
    path: pathText(finding.at),
    message: finding.message,
    advice: finding.advice,
    ...(finding.fix === undefined ? {} : { patch: unifiedDiff(finding.fix) }),
    related: (finding.related ?? []).map(({ at, message }) => ({ ...placeOf(at), message })),
    docs: docsPage(finding.rule.id),
  };
}

export function placeOf(view: View): Place {
  return { file: view.object.file.name, ...regionOf(view).start };
}

export function docsPage(rule: string): string {
  return `docs/rules/${rule}.md`;
}

/** `spec.http[1].retries`. */
function pathText(view: View): string {
  let text = "";
  for (const key of view.path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) text += text === "" ? key : `.${key}`;
    else text += `[${JSON.stringify(key)}]`;
  }
  return text;
}
