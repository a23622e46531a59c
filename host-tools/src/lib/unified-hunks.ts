// Changes of lines as the hunks of a unified diff, which `git apply` and `patch` take.

const CONTEXT = 3;

/** Lines of the old text that others take the place of; lines carry their ends. */
export interface LineChange {
  /** Lines [from, to) of the old text, from 0. */
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/** Lines with their ends, so that a missing one at the end of the text shows. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/**
 * Hunks with three lines of context; empty without changes.
 *
 * @param old lines of the old text
 * @param changes in order, none touching another
 */
export function unifiedHunks(old: readonly string[], changes: readonly LineChange[]): string {
  let text = "";
  let shift = 0;
  for (let i = 0; i < changes.length;) {
    let last = i;
    while (gapAfter(changes, last) <= 2 * CONTEXT) last++;
    const group = changes.slice(i, last + 1);
    const [first] = group;
    if (first === undefined) break;
    const from = Math.max(first.from - CONTEXT, 0);
    const to = Math.min((group.at(-1)?.to ?? 0) + CONTEXT, old.length);
    const body = hunkBody(old, group, from, to);
    const added = body.filter((line) => line[0] !== "-").length;
    text += `@@ -${span(from, to - from)} +${span(from + shift, added)} @@\n`;
    text += body.map(closed).join("");
    shift += added - (to - from);
    i = last + 1;
  }
  return text;
}

function gapAfter(changes: readonly LineChange[], i: number): number {
  const next = changes[i + 1];
  return next === undefined ? Infinity : next.from - (changes[i]?.to ?? 0);
}

function hunkBody(
  old: readonly string[],
  group: readonly LineChange[],
  from: number,
  to: number,
): string[] {
  const body: string[] = [];
  let at = from;
  for (const change of group) {
    body.push(...old.slice(at, change.from).map((line) => ` ${line}`));
    body.push(...old.slice(change.from, change.to).map((line) => `-${line}`));
    body.push(...change.lines.map((line) => `+${line}`));
    at = change.to;
  }
  body.push(...old.slice(at, to).map((line) => ` ${line}`));
  return body;
}

/** First line and number of lines; of none, the line before. */
function span(from: number, length: number): string {
  const first = length === 0 ? from : from + 1;
  return length === 1 ? String(first) : `${first},${length}`;
}

function closed(line: string): string {
  return line.endsWith("\n") ? line : `${line}\n\\ No newline at end of file\n`;
}
