// The command as a user meets it: what is typed, what comes out where, and the exit status. One
// golden file per topic. Runs the built bundle in a folder of its own; the bundle is built first if
// it is stale.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectGolden } from "../../support/golden";
import { type Step, transcripts } from "./transcripts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const bundle = join(root, "build/ganglion.mjs");
const example = readFileSync(join(root, "wasmplugin/examples/llm-service/ganglion.yaml"), "utf8");
let folder = "";

beforeAll(() => {
  execFileSync(process.execPath, [join(root, "host-tools/build.mjs"), "command"], {
    stdio: "pipe",
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("ganglion", () => {
  for (const { name, files, steps } of transcripts) {
    it(`says what the golden transcript says: ${name}`, () => {
      folder = mkdtempSync(join(tmpdir(), "ganglion-cli-"));
      writeFileSync(join(folder, "ganglion.yaml"), example);
      for (const [file, text] of Object.entries(files ?? {})) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), text);
      }
      const told = steps.map(runStep).join("\n");
      rmSync(folder, { recursive: true });
      expectGolden(`cli/${name}.txt`, told);
    });
  }

  it("writes no escape sequence where there is no terminal", () => {
    const { stdout, stderr } = run(["render", "-f", "nope.yaml"]);
    expect(stdout + stderr).not.toContain("\u001b");
  });

  it("stays quiet when its reader has seen enough", () => {
    const command = `"${process.execPath}" "${bundle}" help render | head -n 1`;
    const { stdout, stderr } = spawnSync("sh", ["-c", command], { encoding: "utf8" });
    expect([stdout, stderr]).toEqual(["Usage: ganglion render [options]\n", ""]);
  });
});

function run(args: readonly string[], stdin = "") {
  // The width decides where help is wrapped; colour is off in a pipe without being told.
  const env = { PATH: process.env["PATH"], HOME: tmpdir(), COLUMNS: "100" };
  const cwd = folder === "" ? tmpdir() : folder;
  return spawnSync(process.execPath, [bundle, ...args], {
    cwd,
    env,
    input: stdin,
    encoding: "utf8",
  });
}

function runStep(step: Step): string {
  const { stdout, stderr, status } = run(step.args, step.stdin);
  const typed = ["ganglion", ...step.args.map(quoted)].join(" ");
  const said = [`$ ${typed}${step.stdin === undefined ? "" : " < stdin"}`];
  const out = step.bytesOnly ? `(${Buffer.byteLength(stdout)} bytes)\n` : stdout;
  if (stdout !== "") said.push("--- stdout", out.trimEnd());
  if (stderr !== "") said.push("--- stderr", stderr.trimEnd());
  said.push(`--- status ${status}`);
  for (const file of step.shows ?? []) {
    said.push(`--- ${file}`, readFileSync(join(folder, file), "utf8").trimEnd());
  }
  return `${said.join("\n")}\n`;
}

function quoted(word: string): string {
  return /^[\w./:@=-]+$/.test(word) ? word : `'${word}'`;
}
