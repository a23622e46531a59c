// Edits change the values that they are for and nothing else, on whatever map in whatever style; the
// diff made of them is what git applies.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import {
  addItem,
  addObject,
  insertItem,
  removeObject,
  removeValue,
  renameMember,
  setValue,
} from "../../../host-tools/src/verify/fix/edit-view";
import { editedText, type TextEdit } from "../../../host-tools/src/verify/fix/text-edit";
import { unifiedDiff } from "../../../host-tools/src/verify/fix/unified-diff";
import { readObjects } from "../../../host-tools/src/verify";
import { type Key, type View, viewOf } from "../../../host-tools/src/verify/source/view";

type Plain = Record<string, unknown>;

const keys = fc.constantFrom("a", "b", "c", "d", "x-y");
const leaves = fc.oneof(
  fc.constantFrom("one", "two words", "30s", "", "true", "a: b", "line\nline\n"),
  fc.integer({ min: -5, max: 99 }),
  fc.boolean(),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaves,
    fc.array(tie("value"), { minLength: 1, maxLength: 3 }),
    fc.dictionary(keys, tie("value"), { minKeys: 1, maxKeys: 3 }),
  ),
}));
const objects = fc.record({
  spec: fc.dictionary(keys, value, { minKeys: 1, maxKeys: 4 }),
  flow: fc.boolean(),
  indentSeq: fc.boolean(),
  crlf: fc.boolean(),
});

function textOf({
  spec,
  flow,
  indentSeq,
  crlf,
}: typeof objects extends fc.Arbitrary<infer T> ? T : never) {
  const body = stringify(
    { kind: "Thing", spec },
    {
      indentSeq,
      collectionStyle: flow ? "flow" : "block",
      lineWidth: 0,
      aliasDuplicateObjects: false,
    },
  );
  const text = `# head\n${body}# tail\n`;
  return crlf ? text.replaceAll("\n", "\r\n") : text;
}

/** Every path below the spec. */
function pathsOf(view: View): Key[][] {
  return [...view.at("spec").everything()].slice(1).map((one) => [...one.path]);
}

function holderOf(plain: Plain, path: readonly Key[]): Record<Key, unknown> {
  return path.slice(0, -1).reduce((at, key) => (at as never)[key], plain as unknown) as never;
}

function applied(edit: TextEdit): string {
  return editedText(edit.file, [edit]);
}

const rooted = fc.tuple(objects, fc.nat(), leaves);

describe("an edit", () => {
  it("that sets a value sets that one", () => {
    const property = fc.property(rooted, ([shape, pick, wanted]) => {
      const text = textOf(shape);
      const view = viewOf(readObjects("a.yaml", text, "ai")[0]!);
      const paths = pathsOf(view);
      const path = paths[pick % paths.length]!;
      const edit = setValue(view.at(...path), wanted);
      if (edit === undefined) return;
      const expected = parse(text) as Plain;
      holderOf(expected, path)[path.at(-1)!] = quoteAware(
        view.at(...path).value,
        wanted,
        text,
        edit,
      );
      expect(parse(applied(edit)), text).toEqual(expected);
    });
    fc.assert(property, { seed: 3, numRuns: 1500 });
  });

  it("that sets what is not there adds it", () => {
    const property = fc.property(rooted, ([shape, , wanted]) => {
      const text = textOf(shape);
      const view = viewOf(readObjects("a.yaml", text, "ai")[0]!);
      const edit = setValue(view.at("spec", "new", "deep"), wanted)!;
      const expected = parse(text) as { spec: Plain };
      expected.spec["new"] = { deep: wanted };
      expect(parse(applied(edit)), text).toEqual(expected);
    });
    fc.assert(property, { seed: 3, numRuns: 800 });
  });

  it("that removes a value removes that one, and what is left empty above it", () => {
    const property = fc.property(rooted, ([shape, pick]) => {
      const text = textOf(shape);
      const view = viewOf(readObjects("a.yaml", text, "ai")[0]!);
      const paths = pathsOf(view);
      const path = paths[pick % paths.length]!;
      const edit = removeValue(view.at(...path));
      if (edit === undefined) return;
      expect(parse(applied(edit)), text).toEqual(without(parse(text) as Plain, path));
    });
    fc.assert(property, { seed: 3, numRuns: 1500 });
  });

  it("of a list adds in front and behind", () => {
    const text =
      "kind: Thing\nspec:\n  http:\n    # first\n    - name: a\n      x: 1 # one\n    - name: b\n";
    const list = viewOf(readObjects("a.yaml", text, "ai")[0]!).at("spec", "http");
    const items = (edit: TextEdit | undefined): string[] =>
      (parse(applied(edit!)) as { spec: { http: { name: string }[] } }).spec.http.map(
        (one) => one.name,
      );
    expect(items(insertItem(list, 1, { name: "new", y: [1, { z: 2 }] }))).toEqual([
      "a",
      "new",
      "b",
    ]);
    expect(items(addItem(list, { name: "new" }))).toEqual(["a", "b", "new"]);
  });

  it("renames a member in its place", () => {
    const text = "kind: Thing\nspec:\n  a: 1\n  b: 2 # two\n";
    const view = viewOf(readObjects("a.yaml", text, "ai")[0]!).at("spec", "a");
    expect(applied(renameMember(view, "new", "x: 1\n")!)).toBe(
      "kind: Thing\nspec:\n  new: |\n    x: 1\n  b: 2 # two\n",
    );
  });

  it("adds and drops whole objects", () => {
    const one = (name: string): string => `kind: Thing\nmetadata:\n  name: ${name}\n`;
    for (const text of [
      `${one("a")}---\n${one("b")}---\n${one("c")}`,
      `---\n${one("a")}--- # x\n${one("b")}---\n${one("c")}---\n`,
    ]) {
      const names = (changed: string): unknown[] =>
        parseAllDocuments(changed).flatMap((document) => {
          const plain = document.toJS() as { metadata?: { name: string } } | null;
          return plain === null ? [] : [plain.metadata?.name];
        });
      const all = readObjects("a.yaml", text, "ai");
      for (const object of all) {
        expect(names(applied(removeObject(object)!))).toEqual(
          all.map(({ name }) => name).filter((name) => name !== object.name),
        );
        const added = names(
          applied(addObject(object, { kind: "Thing", metadata: { name: "new" } })!),
        );
        expect(added.indexOf("new")).toBe(added.indexOf(object.name) + 1);
      }
    }
  });

  it("is none where the text is shared by an anchor, or in JSON for a second document", () => {
    const shared = "kind: Thing\nbase: &b { x: 1 }\nspec: *b\n";
    const view = viewOf(readObjects("a.yaml", shared, "ai")[0]!);
    expect(setValue(view.at("spec", "x"), 2)).toBeUndefined();
    expect(removeValue(view.at("spec", "x"))).toBeUndefined();
    const [json] = readObjects("a.json", '{ "kind": "Thing" }', "ai");
    expect(addObject(json!, {})).toBeUndefined();
  });
});

/** A string in quotes stays a string. */
function quoteAware(old: unknown, wanted: unknown, text: string, edit: TextEdit): unknown {
  const quote = text[edit.from];
  const inPlace = typeof old === "string" && (quote === '"' || quote === "'");
  return inPlace && typeof wanted !== "string" ? String(wanted) : wanted;
}

function without(plain: Plain, path: readonly Key[]): Plain {
  const holder = holderOf(plain, path);
  const key = path.at(-1)!;
  const size = Object.keys(holder).length;
  if (size === 1 && path.length > 1) return without(plain, path.slice(0, -1));
  if (Array.isArray(holder)) holder.splice(key as number, 1);
  else delete holder[key];
  return plain;
}

describe("a unified diff", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ganglion-diff-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("makes of the file what the edits make of it", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c: 1", "", "  d"), {
      minLength: 1,
      maxLength: 30,
    });
    const cuts = fc.array(
      fc.record({
        at: fc.nat(),
        length: fc.integer({ min: 0, max: 6 }),
        text: fc.constantFrom("", "x", "y\n", "z\nz\n", "\n"),
      }),
      { minLength: 1, maxLength: 4 },
    );
    const property = fc.property(lines, fc.boolean(), cuts, (some, closed, wanted) => {
      const text = `kind: Thing\n#${some.join("\n#")}${closed ? "\n" : ""}`;
      const { file } = readObjects("f.yaml", text, "ai")[0]!;
      const edits: TextEdit[] = [];
      for (const { at, length, text: by } of wanted) {
        const from = at % text.length;
        const to = Math.min(from + length, text.length);
        if (edits.every((other) => to < other.from || from > other.to)) {
          edits.push({ file, from, to, text: by });
        }
      }
      const expected = editedText(file, edits);
      const diff = unifiedDiff(edits);
      if (diff === "") {
        expect(expected).toBe(text);
        return;
      }
      writeFileSync(join(folder, "f.yaml"), text);
      execFileSync("git", ["apply", "--whitespace=nowarn", "-"], { cwd: folder, input: diff });
      expect(readFileSync(join(folder, "f.yaml"), "utf8"), diff).toBe(expected);
    });
    fc.assert(property, { seed: 3, numRuns: 150 });
  });
});
