// Findings for people: by file, each with the lines that it is about and the patch that ends it.

import type { paint } from "../../lib/talk";
import type { SourceFile } from "../source/source-file";
import { regionOfPiece } from "../source/place";
import type { RuledFinding, Verdict } from "../verify";
import { located, placeOf } from "./located";

type Paint = typeof paint;

/** Lines shown before the one that is pointed at. */
const LEAD_LINES = 2;
/** A patch that is longer is told, not shown; `-o patch` has it. */
const PATCH_LINES_MAX = 24;

/** @param colour for the place where it is shown */
export function textReport(verdict: Verdict, colour: Paint): string {
  const files = [...new Set(verdict.findings.map((finding) => finding.at.object.file))];
  return files
    .map((file) => {
      const own = verdict.findings.filter((finding) => finding.at.object.file === file);
      const shown = own.map((finding) => findingText(finding, colour));
      return `${colour.strong(file.name)}\n\n${shown.join("\n")}`;
    })
    .join("\n");
}

function findingText(finding: RuledFinding, colour: Paint): string {
  const { severity, id } = finding.rule;
  const told = located(finding);
  const word = severity === "error" ? colour.bad(severity) : colour.strong(severity);
  const lines = [
    `  ${word} ${colour.strong(id)}  ${told.object}  ${colour.dim(`${told.file}:${told.line}:${told.column}`)}`,
    ...wrapped(finding.message, 96).map((line) => `    ${line}`),
    "",
    ...codeFrame(finding, colour),
    "",
  ];
  for (const { at, message } of finding.related ?? []) {
    const place = placeOf(at);
    lines.push(`    ${colour.dim(`${place.file}:${place.line}`)}  ${message}`);
  }
  lines.push(...wrapped(`fix: ${finding.advice}`, 96).map((line) => `    ${line}`));
  if (told.patch !== undefined) lines.push(...patchLines(told.patch, colour));
  lines.push(`    ${colour.dim(told.docs)}`, "");
  return lines.join("\n");
}

function codeFrame(finding: RuledFinding, colour: Paint): string[] {
  const { file } = finding.at.object;
  const { start, end } = regionOfPiece(finding.at, finding.piece);
  const first = Math.max(1, start.line - LEAD_LINES);
  const width = String(start.line).length;
  const lines: string[] = [];
  for (let line = first; line <= start.line; line++) {
    lines.push(frameLine(file, line, width, colour));
  }
  const to = end.line === start.line ? end.column : file.line(start.line).length + 1;
  const marks = "^".repeat(Math.max(1, to - start.column));
  const margin = `    ${" ".repeat(width)} ${colour.dim("|")} `;
  lines.push(`${margin}${" ".repeat(start.column - 1)}${colour.bad(marks)}`);
  return lines;
}

function frameLine(file: SourceFile, line: number, width: number, colour: Paint): string {
  const number = colour.dim(String(line).padStart(width));
  return `    ${number} ${colour.dim("|")} ${file.line(line)}`.trimEnd();
}

function patchLines(patch: string, colour: Paint): string[] {
  const lines = patch.trimEnd().split("\n");
  if (lines.length > PATCH_LINES_MAX) {
    return [
      `    ${colour.dim(`a patch of ${lines.length} lines; -o patch prints it, --fix applies it`)}`,
    ];
  }
  return lines
    .filter((line) => !line.startsWith("---") && !line.startsWith("+++"))
    .map((line) => {
      const sign = line[0];
      if (sign === "+") return `    ${colour.good(line)}`;
      return `    ${sign === "-" ? colour.bad(line) : colour.dim(line)}`.trimEnd();
    });
}

/** Words in lines of at most this many characters; a longer word has its own. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
