// Two texts as a unified diff: what is common is a longest common subsequence of lines, after equal
// lines at both ends are set aside. A table of lengths is enough for objects of a few hundred lines.

const CONTEXT = 3;
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
  const hunks = hunksOf(stepsOf(linesOf(before), linesOf(after)));
  return hunks === "" ? "" : `--- ${sides.before}\n+++ ${sides.after}\n${hunks}`;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
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

function hunksOf(steps: readonly Step[]): string {
  const changed = steps.flatMap(({ sign }, index) => (sign === " " ? [] : [index]));
  let text = "";
  for (let i = 0; i < changed.length;) {
    let last = i;
    while ((changed[last + 1] ?? Infinity) - (changed[last] ?? 0) <= 2 * CONTEXT) last++;
    const from = Math.max((changed[i] ?? 0) - CONTEXT, 0);
    const to = Math.min((changed[last] ?? 0) + CONTEXT + 1, steps.length);
    text += hunk(steps, from, to);
    i = last + 1;
  }
  return text;
}

function hunk(steps: readonly Step[], from: number, to: number): string {
  const body = steps.slice(from, to);
  const before = (list: readonly Step[]) => list.filter(({ sign }) => sign !== "+").length;
  const after = (list: readonly Step[]) => list.filter(({ sign }) => sign !== "-").length;
  const ahead = steps.slice(0, from);
  const head = `@@ -${span(before(ahead), before(body))} +${span(after(ahead), after(body))} @@\n`;
  return head + body.map(({ sign, line }) => `${sign}${line}\n`).join("");
}

/** First line and number of lines, as `patch` reads them. */
function span(ahead: number, length: number): string {
  const first = length === 0 ? ahead : ahead + 1;
  return length === 1 ? String(first) : `${first},${length}`;
}
