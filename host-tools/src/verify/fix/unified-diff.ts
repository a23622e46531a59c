// Edits as a unified diff that `git apply` and `patch -p1` take. The edits say where lines change,
// so no search for common lines is needed.

import type { SourceFile } from "../source/source-file";
import { inOrder, type TextEdit } from "./text-edit";

const CONTEXT = 3;

interface Change {
  /** Lines [from, to) of the old text, from 0. */
  from: number;
  to: number;
  lines: string[];
}

/** The diff of all files that the edits touch, in the order of their first edit. */
export function unifiedDiff(edits: readonly TextEdit[]): string {
  const files = [...new Set(edits.map((edit) => edit.file))];
  return files.map((file) => fileDiff(file, edits)).join("");
}

function fileDiff(file: SourceFile, edits: readonly TextEdit[]): string {
  const old = splitLines(file.text);
  const changes = changedLines(file, old, edits);
  if (changes.length === 0) return "";
  // A tab ends a name with spaces in it, for `patch`.
  const name = file.name.replace(/^\/+/, "") + (file.name.includes(" ") ? "\t" : "");
  return `--- a/${name}\n+++ b/${name}\n${hunks(old, changes)}`;
}

/** Lines with their ends, so that a missing one at the end of the text shows. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function changedLines(file: SourceFile, old: string[], edits: readonly TextEdit[]): Change[] {
  const changes: Change[] = [];
  const ordered = inOrder(file, edits);
  for (let i = 0; i < ordered.length;) {
    const start = i;
    const from = file.lineStart(ordered[i]?.from ?? 0);
    let end = from;
    let text = "";
    let at = from;
    for (; i < ordered.length; i++) {
      const edit = ordered[i];
      if (edit === undefined || (i > start && edit.from >= end)) break;
      text += file.text.slice(at, edit.from) + edit.text;
      at = edit.to;
      end = Math.max(end, wholeLine(file, edit));
    }
    text += file.text.slice(at, end);
    const first = file.positionOf(from).line - 1;
    const length = splitLines(file.text.slice(from, end)).length;
    const change = trimmed(old, { from: first, to: first + length, lines: splitLines(text) });
    if (change.from < change.to || change.lines.length > 0) changes.push(change);
  }
  return changes;
}

/** End of the last line that the edit changes. */
function wholeLine(file: SourceFile, edit: TextEdit): number {
  const atStart = edit.to > edit.from && file.lineStart(edit.to) === edit.to;
  if (atStart) return edit.to;
  const inserted = edit.from === edit.to && file.lineStart(edit.from) === edit.from;
  return inserted && edit.text.endsWith("\n") ? edit.to : file.lineEnd(edit.to);
}

function trimmed(old: string[], change: Change): Change {
  let { from, to } = change;
  const lines = [...change.lines];
  while (from < to && lines.length > 0 && old[from] === lines[0]) {
    from++;
    lines.shift();
  }
  while (from < to && lines.length > 0 && old[to - 1] === lines.at(-1)) {
    to--;
    lines.pop();
  }
  return { from, to, lines };
}

function hunks(old: string[], changes: Change[]): string {
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

function gapAfter(changes: Change[], i: number): number {
  const next = changes[i + 1];
  return next === undefined ? Infinity : next.from - (changes[i]?.to ?? 0);
}

function hunkBody(old: string[], group: Change[], from: number, to: number): string[] {
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

function span(from: number, length: number): string {
  const first = length === 0 ? from : from + 1;
  return length === 1 ? String(first) : `${first},${length}`;
}

function closed(line: string): string {
  return line.endsWith("\n") ? line : `${line}\n\\ No newline at end of file\n`;
}
