import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readLooseText, readTextInput } from "../../../host-tools/src/lib/input";

describe("a text that the user names", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ganglion-input-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function file(name: string, bytes: Buffer): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  }

  it("is read as UTF-8, its own replacement characters and byte order mark included", async () => {
    const text = "\ufeffname: caf\u00e9 \ufffd\r\n";
    expect(await readTextInput(await file("good.yaml", Buffer.from(text)))).toBe(text);
  });

  it.each([
    ["a letter in Latin-1", Buffer.from("a: 1\nb: caf\u00e9\n", "latin1"), 2],
    ["a character that is cut at the end", Buffer.from([0x61, 0x0a, 0x0a, 0xe2, 0x82]), 3],
  ])("is refused with its line for %s, and read by those who take all", async (_, bytes, line) => {
    const path = await file("bad.yaml", bytes);
    await expect(readTextInput(path)).rejects.toMatchObject({
      code: "E_INPUT",
      exitCode: 65,
      message: `${path} is no UTF-8 text, in line ${line}`,
    });
    expect(await readLooseText(path)).toBe(bytes.toString("utf8"));
  });
});
