// The quick reader gives what the whole parser gives, or says that it does not read the text: on every
// fixture, on generated values in many ways to write them, and on texts with a character changed.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDocument, stringify } from "yaml";
import { NOT_PLAIN, quickValue } from "../../../host-tools/src/verify/source/quick-yaml";
import { documentsOf } from "../../../host-tools/src/verify/source/text-document";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folders = ["test/host/verify", "test/golden/manifests", "wasmplugin"];
const texts = folders
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".yaml"))
      .sort()
      .map((file) => readFileSync(join(root, folder, file), "utf8")),
  )
  .flatMap((text) => documentsOf(text).map((document) => document.text));

/** What the whole parser gives; NOT_PLAIN for what it refuses. */
function wholeValue(text: string): unknown {
  const document = parseDocument(text, { merge: true, prettyErrors: false });
  return document.errors.length > 0 ? NOT_PLAIN : document.toJS();
}

function expectEqual(text: string): void {
  const quick = quickValue(text);
  if (quick !== NOT_PLAIN) expect(quick, text).toEqual(wholeValue(text));
}

const scalars = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z][a-z0-9./-]{0,9}$/) },
  fc.stringMatching(/^[a-z0-9 .:#'"-]{0,8}$/),
  fc.string({ maxLength: 12 }),
  fc.constantFrom("yes", "on", "~", "1.0", "0x1f", "1e3", ".5", "-", "a: b", "a #b", "# c", "30s"),
  fc.constantFrom(
    "10.96.0.0/12",
    "'",
    '"',
    "|",
    ">",
    "*a",
    "&a",
    "null",
    "true",
    "- x",
    "{}",
    "é",
    "",
  ),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("a\nb\n", "a\n\n b", "\na", "a\nb\n\n", "x\n  y\nz\n"),
);
const keys = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-zA-Z]{1,8}$/) },
  fc.constantFrom("kind", "spec", "a/b.c", "1", "1.0", "true", "null", "x-y", "a b", "@type", ""),
  fc.string({ maxLength: 6 }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalars,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 4 }),
  ),
}));
const styles = fc.record({
  indentSeq: fc.boolean(),
  indent: fc.constantFrom(2, 4),
  lineWidth: fc.constantFrom(0, 20),
  collectionStyle: fc.constantFrom("any" as const, "block" as const, "flow" as const),
  defaultStringType: fc.constantFrom(
    "PLAIN" as const,
    "QUOTE_DOUBLE" as const,
    "QUOTE_SINGLE" as const,
    "BLOCK_LITERAL" as const,
  ),
});

describe("the quick reader of YAML", () => {
  it("reads nearly every object of ours, and reads it right", () => {
    for (const text of texts) expectEqual(text);
    const plain = texts.filter((text) => quickValue(text) !== NOT_PLAIN);
    expect(texts.length).toBeGreaterThan(300);
    expect(plain.length / texts.length).toBeGreaterThan(0.9);
  });

  it("agrees with the whole parser on whatever is written in whatever style", () => {
    const property = fc.property(
      fc.dictionary(keys, value, { minKeys: 1 }),
      styles,
      (map, style) => {
        expectEqual(stringify(map, { ...style, aliasDuplicateObjects: false }));
      },
    );
    fc.assert(property, { seed: 5, numRuns: 3000 });
  });

  it("never reads what the whole parser refuses, whichever characters are changed", () => {
    const edit = fc.record({
      at: fc.double({ min: 0, max: 0.999, noNaN: true }),
      cut: fc.integer({ min: 0, max: 3 }),
      put: fc.oneof(
        fc.constantFrom(
          " ",
          "  ",
          "\n",
          ":",
          ": ",
          "- ",
          "#",
          " #",
          "'",
          '"',
          "[",
          "]",
          "{",
          "}",
          ",",
        ),
        fc.constantFrom(
          "|",
          ">",
          "&a ",
          "*a",
          "!x ",
          "\t",
          "? ",
          "%",
          "---\n",
          "...\n",
          "<<: ",
          "\\",
        ),
        fc.string({ maxLength: 2 }),
      ),
    });
    const property = fc.property(
      fc.constantFrom(...texts),
      fc.array(edit, { minLength: 1, maxLength: 3 }),
      (text, edits) => {
        const changed = edits.reduce((now, { at, cut, put }) => {
          const from = Math.floor(at * now.length);
          return now.slice(0, from) + put + now.slice(from + cut);
        }, text);
        for (const document of documentsOf(changed)) {
          if (!/^(---|\.\.\.|%)/m.test(document.text)) expectEqual(document.text);
        }
      },
    );
    fc.assert(property, { seed: 5, numRuns: 4000 });
  });
});
