// Compiles the AssemblyScript test modules, once per source text: the result is kept under .cache
// by the digest of everything that went in, so that a test run pays for asc only after a change.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const FOLDER = "test/support/modules";
const CACHE = join(ROOT, ".cache/test-modules");
const OPTIONS = ["--config", "none", "--runtime", "stub", "-O2"];

export interface CompileOptions {
  /** Default true; without it top-level code lands in the wasm start section. */
  readonly exportStart?: boolean;
  /** Default true; without it asc imports env.abort. */
  readonly ownAbort?: boolean;
}

/** @param name file name under test/support/modules, without extension */
export function guestModule(name: string, options: CompileOptions = {}): Uint8Array {
  const args = [`${FOLDER}/${name}.ts`, ...OPTIONS];
  if (options.exportStart !== false) args.push("--exportStart", "_initialize");
  if (options.ownAbort !== false) args.push("--use", `abort=${FOLDER}/host-calls/fault`);
  const out = join(CACHE, `${name}-${digest(args)}.wasm`);
  if (!existsSync(out)) {
    mkdirSync(CACHE, { recursive: true });
    const partial = `${out}.${process.pid}`;
    const asc = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
    execFileSync(process.execPath, [asc, ...args, "-o", partial], { cwd: ROOT, stdio: "pipe" });
    renameSync(partial, out);
  }
  return new Uint8Array(readFileSync(out));
}

function digest(args: readonly string[]): string {
  const hash = createHash("sha256").update(args.join(" "));
  for (const file of [args[0]!, `${FOLDER}/host-calls.ts`]) {
    hash.update(readFileSync(join(ROOT, file)));
  }
  const asc = JSON.parse(
    readFileSync(join(ROOT, "node_modules/assemblyscript/package.json"), "utf8"),
  ) as { version: string };
  return hash.update(asc.version).digest("hex").slice(0, 16);
}
