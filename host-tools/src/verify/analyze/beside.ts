// Our findings and istioctl's messages beside each other, by object: what both found, what only one
// did. An object and not a line, because istioctl names no more than where the object begins.

import { textTable } from "../../model-card/text-table";
import type { LocatedFinding } from "../report/located";
import type { AnalyzeMessage } from "./istioctl";

export interface BesideRow {
  /** `Kind namespace/name`. */
  readonly object: string;
  /** Ids of rules, in order, each once. */
  readonly verify: readonly string[];
  /** Codes of istioctl, in order, each once. */
  readonly istioctl: readonly string[];
}

type Said = Pick<LocatedFinding, "rule" | "object">;

/** One row for each object of which either says something: ours in their order, then the others. */
export function besideRows(
  findings: readonly Said[],
  messages: readonly Pick<AnalyzeMessage, "code" | "object">[],
): BesideRow[] {
  const objects = [...new Set([...findings, ...messages].map(({ object }) => object))];
  return objects.map((object) => ({
    object,
    verify: distinct(findings.filter((one) => one.object === object).map(({ rule }) => rule)),
    istioctl: distinct(messages.filter((one) => one.object === object).map(({ code }) => code)),
  }));
}

/** The rows as a table, istioctl's sentences below it, ready to print. */
export function besideText(
  rows: readonly BesideRow[],
  messages: readonly AnalyzeMessage[],
): string {
  if (rows.length === 0) return "verify and istioctl analyze: nothing to say\n";
  const cells = rows.flatMap((row) => {
    const height = Math.max(row.verify.length, row.istioctl.length);
    return Array.from({ length: height }, (_, i) => [
      i === 0 ? row.object : "",
      row.verify[i] ?? (i === 0 ? "-" : ""),
      row.istioctl[i] ?? (i === 0 ? "-" : ""),
    ]);
  });
  const table = textTable(["object", "verify", "istioctl analyze"], cells, [0, 1, 2]);
  const sentences = distinct(
    messages.map(({ code, level, message }) => `${code} ${level}: ${message}`),
  );
  return `${[...table, ...(sentences.length > 0 ? ["", ...sentences] : [])].join("\n")}\n`;
}

/** E.g. `istioctl analyze says something of 2 of 20 objects with findings`. */
export function besideSummary(rows: readonly BesideRow[]): string {
  const ours = rows.filter((row) => row.verify.length > 0);
  const both = ours.filter((row) => row.istioctl.length > 0);
  const theirs = rows.length - ours.length;
  const alone = theirs === 0 ? "" : `, and of ${theirs} without`;
  return `istioctl analyze says something of ${both.length} of ${ours.length} objects with findings${alone}`;
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
