// `ganglion bench`: runs the benches of a checkout. They are a bundle of their own, because they need
// the sources and compilers beside them, which an installed tool does not have.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ExitCode, GanglionError } from "../lib/errors";

/**
 * @param args the bench's name and its options
 * @throws GanglionError E_BENCH_MISSING outside of a checkout
 */
export async function runBenchBundle(args: readonly string[]): Promise<ExitCode> {
  const bundle = fileURLToPath(new URL("./bench.mjs", import.meta.url));
  if (!existsSync(bundle)) {
    throw new GanglionError("E_BENCH_MISSING", "the benches are not beside this tool", {
      hint: "Run `npm run -s bench -- NAME` in a checkout of the sources.",
    });
  }
  const child = spawn(process.execPath, [bundle, ...args], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => {
      const interrupted = signal === "SIGINT" || signal === "SIGTERM";
      resolve(interrupted ? ExitCode.interrupted : ((status ?? ExitCode.failure) as ExitCode));
    });
  });
}
