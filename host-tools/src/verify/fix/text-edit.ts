// A correction as replacements of text, so that a patch changes what it must and no other byte.

import type { SourceFile } from "../source/source-file";

/** Replaces text[from, to) of a file. */
export interface TextEdit {
  readonly file: SourceFile;
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** The file's text with its edits; those that overlap an earlier one are left out. */
export function editedText(file: SourceFile, edits: readonly TextEdit[]): string {
  let result = "";
  let at = 0;
  for (const edit of inOrder(file, edits)) {
    if (edit.from < at) continue;
    result += file.text.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return result + file.text.slice(at);
}

/** Edits of this file in the order of the text. */
export function inOrder(file: SourceFile, edits: readonly TextEdit[]): TextEdit[] {
  return edits
    .filter((edit) => edit.file === file)
    .map((edit, i) => ({ edit, i }))
    .sort((a, b) => a.edit.from - b.edit.from || a.i - b.i)
    .map(({ edit }) => edit);
}

/**
 * Two edits of one place cannot both be made: two insertions there may be the same new member. Whole
 * new documents can.
 */
export function overlap(a: TextEdit, b: TextEdit): boolean {
  if (a.file !== b.file) return false;
  if (a.from === b.from && a.from === a.to && b.from === b.to) {
    return !(isDocument(a.text) && isDocument(b.text));
  }
  return a.from < b.to && b.from < a.to;
}

function isDocument(text: string): boolean {
  return /^\s*---\r?\n/.test(text);
}
