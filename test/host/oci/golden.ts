// Golden files of this folder: compared as text, rewritten under UPDATE_GOLDEN=1.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";

/** Asserts that the text equals the golden file of that name. */
export function expectGolden(name: string, text: string): void {
  const file = new URL(`./golden/${name}`, import.meta.url);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(new URL(".", file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, "utf8"));
}
