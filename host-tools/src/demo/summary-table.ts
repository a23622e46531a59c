// The demo's result as a table of text: the two sides beside each other, and what the filter did not do
// well below.

import type { DemoResult } from "./demo-result";
import { whole } from "./live-frame";

const TEXT_COLUMNS = 78;

/** A row of the summary, in both the text and the report. */
export interface SummaryRow {
  readonly label: string;
  readonly ours: string;
  readonly theirs: string;
  /** Which side is clearly better; undefined where neither is. */
  readonly better?: "ours" | "theirs" | undefined;
}

/** Rows in the order of the phases. */
export function summaryRows(result: DemoResult): SummaryRow[] {
  const { with_filter: ours, without_filter: theirs, flood, slow_arm: slow } = result;
  const rows: SummaryRow[] = [];
  for (const { name } of result.phases) {
    const a = ours.phases[name]!;
    const b = theirs.phases[name]!;
    rows.push(compared(`${name}: p50`, a.p50_ms, b.p50_ms, milliseconds));
    rows.push(compared(`${name}: p99`, a.p99_ms, b.p99_ms, milliseconds));
  }
  rows.push(
    compared(
      `share of ${slow.name} from 2 s after it went slow`,
      ours.slow_share_after_2s_pct,
      theirs.slow_share_after_2s_pct,
      (value) => `${value} %`,
    ),
    {
      label: `flood let through (limit allows ${whole(flood.allowed)})`,
      ours: `${whole(ours.flood_admitted)} of ${whole(flood.offered)}`,
      theirs: `${whole(theirs.flood_admitted)} of ${whole(flood.offered)}`,
    },
    compared("errors of the tenants that behave well", ours.errors, theirs.errors, whole),
    compared("their requests refused with 429", ours.refused, theirs.refused, whole),
    {
      label: "requests marked as anomalous, by phase",
      ours: result.phases.map(({ name }) => ours.phases[name]!.tagged).join(" / "),
      theirs: "-",
    },
  );
  return rows;
}

/** The table, its head and what follows it, ready to print. */
export function summaryText(result: DemoResult): string {
  const rows = summaryRows(result);
  const head: SummaryRow = { label: "", ours: "with Ganglion", theirs: "without" };
  const width = (key: "label" | "ours" | "theirs"): number => {
    return Math.max(...[head, ...rows].map((row) => row[key].length));
  };
  const widths = { label: width("label"), ours: width("ours"), theirs: width("theirs") };
  const line = (row: SummaryRow): string => {
    const label = row.label.padEnd(widths.label);
    return `${label}  ${row.ours.padStart(widths.ours)}  ${row.theirs.padStart(widths.theirs)}`;
  };
  const lines = [line(head), ...rows.map(line)];
  if (result.losses.length > 0) {
    lines.push("", "What the filter did not do well:");
    lines.push(...result.losses.flatMap(listItem));
  }
  return `${lines.join("\n")}\n`;
}

/** `- ` and the sentence, broken before 80 columns. */
function listItem(sentence: string): string[] {
  const lines: string[] = [];
  let line = "-";
  for (const word of sentence.split(" ")) {
    if (line.length + 1 + word.length > TEXT_COLUMNS) {
      lines.push(line);
      line = " ";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

function compared(
  label: string,
  ours: number,
  theirs: number,
  form: (value: number) => string,
): SummaryRow {
  const better = ours * 1.2 < theirs ? "ours" : theirs * 1.2 < ours ? "theirs" : undefined;
  return { label, ours: form(ours), theirs: form(theirs), better };
}

function milliseconds(value: number): string {
  return `${whole(value)} ms`;
}
