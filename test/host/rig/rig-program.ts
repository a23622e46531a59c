// Bundles a small program that uses the rig and runs it as a process of its own, for tests of what
// happens when such a process dies.

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { buildSync } from "esbuild";
import { scratchDir } from "../../../host-tools/src/rig/process-guard";

const RIG = resolve(import.meta.dirname, "../../../host-tools/src/rig");

/** @param source TypeScript; `RIG/` in its imports is the rig's folder */
export function startRigProgram(source: string): ChildProcess {
  const dir = scratchDir("program");
  const entry = join(dir, "program.ts");
  writeFileSync(entry, source.replaceAll("RIG/", `${RIG}/`));
  const child = join(RIG, "child-main.ts"); // beside the program, as beside the product's bundle
  buildSync({
    entryPoints: { program: entry, "rig-child": child },
    outdir: dir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire("/");',
    },
    logLevel: "error",
  });
  return spawn(process.execPath, [join(dir, "program.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** The first line a program prints. */
export async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) return line;
  throw new Error("the program ended without printing a line");
}

/** Whether the process runs; a zombie that its parent has not reaped yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch (error) {
    return existsSync("/proc/self/stat") ? false : (error as { code?: string }).code !== "ESRCH";
  }
}

/** Polls until `condition` holds. @throws after `timeoutMs` */
export async function eventually(condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolveWait) => setTimeout(resolveWait, 10));
  }
}
