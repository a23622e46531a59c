// Two texts as a unified diff: what is common is a longest common subsequence of lines, after equal
// lines at both ends are set aside. A table of lengths is enough for objects of a few hundred lines.

import { type LineChange, splitLines, unifiedHunks } from "../lib/unified-hunks";

/** Above this many cells the middle is told as one replacement: 16 MiB of table. */
const CELLS_MAX = 4 * 1024 * 1024;

interface Step {
  readonly sign: " " | "-" | "+";
  readonly line: string;
}

/** Names of the two sides, as they stand behind `---` and `+++`. */
export interface Sides {
  readonly before: string;
  readonly after: string;
}

/** Empty where the texts are equal. */
export function unifiedDiff(before: string, after: string, sides: Sides): string {
  const old = linesOf(before);
  const hunks = unifiedHunks(old, changesOf(stepsOf(old, linesOf(after))));
  return hunks === "" ? "" : `--- ${sides.before}\n+++ ${sides.after}\n${hunks}`;
}

/** A missing end of the last line is no difference in what is compared here. */
function linesOf(text: string): string[] {
  return splitLines(text === "" || text.endsWith("\n") ? text : `${text}\n`);
}

function stepsOf(a: readonly string[], b: readonly string[]): Step[] {
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const kept = (line: string): Step => ({ sign: " ", line });
  return [
    ...a.slice(0, head).map(kept),
    ...middleSteps(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(kept),
  ];
}

function middleSteps(a: readonly string[], b: readonly string[]): Step[] {
  const width = b.length + 1;
  const isSmall = (a.length + 1) * width <= CELLS_MAX;
  // common[i * width + j]: lines in common of a from i on and b from j on.
  const common = new Uint32Array(isSmall ? (a.length + 1) * width : 0);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = isSmall ? a.length - 1 : -1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const longest = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
      common[i * width + j] = longest;
    }
  }
  const steps: Step[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const isCommon = isSmall && i < a.length && j < b.length && a[i] === b[j];
    if (isCommon) {
      steps.push({ sign: " ", line: a[i++] ?? "" });
      j++;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) {
      steps.push({ sign: "-", line: a[i++] ?? "" });
    } else {
      steps.push({ sign: "+", line: b[j++] ?? "" });
    }
  }
  return steps;
}

/** Runs of steps that change something. */
function changesOf(steps: readonly Step[]): LineChange[] {
  const changes: LineChange[] = [];
  let at = 0;
  for (let i = 0; i < steps.length;) {
    const from = at;
    const lines: string[] = [];
    for (; i < steps.length && steps[i]?.sign !== " "; i++) {
      if (steps[i]?.sign === "-") at++;
      else lines.push(steps[i]?.line ?? "");
    }
    if (at > from || lines.length > 0) changes.push({ from, to: at, lines });
    for (; i < steps.length && steps[i]?.sign === " "; i++) at++;
  }
  return changes;
}
