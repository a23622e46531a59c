// What verify finds in Istio's samples, as docs/rules/samples.md argues it; a finding beside these is
// taken for a false one until somebody has argued it there.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PAGE = fileURLToPath(new URL("../../docs/rules/samples.md", import.meta.url));

export interface ArguedFinding {
  /** Relative to the samples folder. */
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}

/**
 * The rows of the page's table.
 *
 * @param page its place, for a bundle, where paths relative to this file are others
 */
export function arguedFindings(page = PAGE): ArguedFinding[] {
  const rows = readFileSync(page, "utf8").matchAll(
    /^\| (\S+\.ya?ml) +\| +(\d+) \| \[([a-z0-9-]+)\]/gm,
  );
  return [...rows].map(([, file = "", line, rule = ""]) => ({ file, line: Number(line), rule }));
}
