// Files that are old or new at every instant.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTextInput } from "../../../host-tools/src/lib/input";
import { writeFileAtomically } from "../../../host-tools/src/lib/output";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ganglion-lib-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("writing a file", () => {
  it("makes missing folders and leaves nothing else behind", async () => {
    await writeFileAtomically(join(folder, "a/b/c.txt"), "text");
    expect(await readTextInput(join(folder, "a/b/c.txt"))).toBe("text");
    expect(readdirSync(join(folder, "a/b"))).toEqual(["c.txt"]);
  });

  it("makes the same folders from several places at once", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `f${i}`);
    await Promise.all(names.map((name) => writeFileAtomically(join(folder, "a/b/c", name), name)));
    expect(readdirSync(join(folder, "a/b/c")).sort()).toEqual(names.sort());
  });

  it("fails below a file, and where the system takes no folders", async () => {
    writeFileSync(join(folder, "file"), "text");
    await expect(writeFileAtomically(join(folder, "file/sub/x"), "text")).rejects.toThrow(
      "a part of the path is no folder",
    );
    // Node's own recursive mkdir would never come back from here.
    await expect(writeFileAtomically("/proc/ganglion/x", "text")).rejects.toMatchObject({
      code: "E_OUTPUT",
    });
  });

  it("keeps the mode of what it replaces, and a link a link", async () => {
    const file = join(folder, "real.txt");
    writeFileSync(file, "old");
    chmodSync(file, 0o640);
    symlinkSync(file, join(folder, "link.txt"));
    await writeFileAtomically(join(folder, "link.txt"), "new");
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  it("fails without a trace where it cannot write", async () => {
    mkdirSync(join(folder, "taken"));
    writeFileSync(join(folder, "taken/inside"), "x");
    await expect(writeFileAtomically(join(folder, "taken"), "text")).rejects.toMatchObject({
      code: "E_OUTPUT",
    });
    expect(readdirSync(folder)).toEqual(["taken"]);
  });
});

describe("reading an input", () => {
  it("names the file and the reason when there is none", async () => {
    await expect(readTextInput(join(folder, "none"))).rejects.toMatchObject({
      code: "E_INPUT",
      exitCode: 65,
      message: `cannot read ${join(folder, "none")}: no such file or directory`,
    });
    await expect(readTextInput(folder)).rejects.toThrow("it is a directory");
  });
});
