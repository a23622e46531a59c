// Edits as a unified diff that `git apply` and `patch -p1` take. The edits say where lines change,
// so no search for common lines is needed.

import { type LineChange, splitLines, unifiedHunks } from "../../lib/unified-hunks";
import type { SourceFile } from "../source/source-file";
import { inOrder, type TextEdit } from "./text-edit";

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
  return `--- a/${name}\n+++ b/${name}\n${unifiedHunks(old, changes)}`;
}

function changedLines(file: SourceFile, old: string[], edits: readonly TextEdit[]): LineChange[] {
  const changes: LineChange[] = [];
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

function trimmed(old: string[], change: LineChange): LineChange {
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
