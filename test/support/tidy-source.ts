// The repository's own files as the tidy test reads them: what is tracked, its lines, its imports
// and its functions. Plain text and not a parser: the rules are about what a reader sees.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/** Every tracked file that exists, by its path from the root. */
export function trackedFiles(): string[] {
  const list = execFileSync("git", ["ls-files", "-z"], { cwd: ROOT, encoding: "utf8" });
  return list.split("\0").filter((path) => path !== "" && existsSync(join(ROOT, path)));
}

/** Written by us and read by people: not recorded, not generated, not a lockfile. */
export function isSource(path: string): boolean {
  return /\.(ts|mjs|js)$/.test(path) && !/\.gen\.ts$|\.d\.ts$/.test(path);
}

const cache = new Map<string, string>();

export function textOf(path: string): string {
  let text = cache.get(path);
  if (text === undefined) cache.set(path, (text = readFileSync(join(ROOT, path), "utf8")));
  return text;
}

export function linesOf(path: string): string[] {
  return textOf(path).replace(/\n$/, "").split("\n");
}

/** The lines without comments, so that a rule about code does not fire on prose. */
export function codeOf(path: string): string[] {
  let inBlock = false;
  return linesOf(path).map((line) => {
    if (inBlock) {
      inBlock = !line.includes("*/");
      return "";
    }
    if (/^\s*\/\*/.test(line)) {
      inBlock = !line.includes("*/");
      return "";
    }
    return line.replace(/(^|\s)\/\/.*$/, "");
  });
}

export interface Import {
  readonly line: number;
  /** As written. */
  readonly from: string;
  /** Path from the root without extension; "" for a package. */
  readonly target: string;
}

/** Static imports and re-exports, and dynamic imports of literals. */
export function importsOf(path: string): Import[] {
  const imports: Import[] = [];
  linesOf(path).forEach((text, i) => {
    const found = /(?:^\s*(?:import|export|\})[^"]*from\s+|^\s*import\s+|\bimport\()"([^"]+)"/.exec(
      text,
    );
    if (found === null) return;
    const from = found[1]!;
    const target = from.startsWith(".")
      ? relative(ROOT, resolve(join(ROOT, dirname(path)), from))
      : "";
    imports.push({ line: i + 1, from, target });
  });
  return imports;
}

export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** A declared function, an arrow function with a name, a method. */
const KINDS = [
  /^(\s*)(?:export )?(?:async )?function\s*\*?\s*(\w+)/,
  /^(\s*)(?:export )?(?:const|let) (\w+) = (?:async )?\(/,
  /^(\s+)(?:(?:private|public|protected|static|override|async|get|set) )*(\w+)\(/,
];
const STATEMENT = /^(if|for|while|switch|catch|constructor)$/;

/** Functions, methods and named arrow functions with a body of several lines. */
export function functionsOf(path: string): FunctionSpan[] {
  const lines = codeOf(path);
  const spans: FunctionSpan[] = [];
  lines.forEach((line, i) => {
    const found = KINDS.map((kind) => kind.exec(line)).find((match) => match !== null);
    if (found === undefined) return;
    const [, indent = "", name = ""] = found;
    if (STATEMENT.test(name)) return;
    const head = line.endsWith("(") ? nextAt(lines, i, `${indent})`) : i;
    if (head < 0 || !/^[^"'`]*(\)|\w|\]|>) (=> )?\{$/.test(lines[head]!)) return;
    const end = nextAt(lines, head, `${indent}}`);
    if (end > 0) spans.push({ name, line: i + 1, lines: end - i + 1 });
  });
  return spans.filter((span) => !isTable(lines.slice(span.line, span.line + span.lines)));
}

function nextAt(lines: readonly string[], after: number, start: string): number {
  return lines.findIndex((line, i) => i > after && line.startsWith(start));
}

/** A switch of names and texts is a table, which AssemblyScript has no other form for. */
function isTable(body: readonly string[]): boolean {
  const rows = body.filter((line) =>
    /^\s*(case .*|default|return "[^"]*"|return .*);?:?;?$/.test(line),
  );
  return rows.length > 0.8 * body.length;
}
