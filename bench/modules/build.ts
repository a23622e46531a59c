// Compiles the comparison modules of the benches into the cache: the empty filter with today's compiler,
// the SDK's hello-world with the compiler that the SDK was made for.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { runCommand } from "../../host-tools/src/rig/index";
import { GanglionError } from "../../host-tools/src/lib/errors";

export interface ComparisonModules {
  readonly empty: string;
  readonly sdkHello: string;
  /** Makes the host calls that its configuration names. */
  readonly steps: string;
}

const root = resolve(".");
const PLAIN = ["--config", "none", "--runtime", "stub", "--use", "abort=", "-O3"];

async function compile(cwd: string, compiler: string, args: readonly string[]): Promise<void> {
  const bin = join(root, "node_modules", compiler, "bin");
  const program = compiler === "assemblyscript" ? "asc.js" : "asc";
  const result = await runCommand(process.execPath, [join(bin, program), ...args], { cwd });
  if (result.status !== 0) {
    throw new GanglionError("E_BENCH_MODULE", `${compiler} failed: ${result.stderr.slice(-500)}`, {
      hint: "Run the benches from the root of a checkout after npm ci.",
    });
  }
}

/**
 * The scorer alone, some steps per request.
 * @returns path of the compiled module
 */
export async function buildModelSteps(): Promise<string> {
  const out = join(root, ".cache", "bench");
  mkdirSync(out, { recursive: true });
  const target = join(out, "model-steps.wasm");
  await compile(root, "assemblyscript", [
    join(root, "bench", "modules", "model-steps.ts"),
    ...PLAIN,
    "--enable",
    "simd",
    "--exportStart",
    "_initialize",
    "-o",
    target,
  ]);
  return target;
}

/** @returns paths of the compiled modules */
export async function buildComparisonModules(): Promise<ComparisonModules> {
  const out = join(root, ".cache", "bench");
  mkdirSync(out, { recursive: true });
  const empty = join(out, "empty.wasm");
  const sdkHello = join(out, "sdk-hello.wasm");
  const steps = join(out, "steps.wasm");
  const modules = join(root, "bench", "modules");
  const now = (name: string, target: string): Promise<void> =>
    compile(root, "assemblyscript", [
      join(modules, name),
      ...PLAIN,
      "--exportStart",
      "_initialize",
      "-o",
      target,
    ]);
  await now("empty.ts", empty);
  await now("steps.ts", steps);
  // Its own folder has its own asconfig.json: that compiler would otherwise read the filter's.
  await compile(join(modules, "sdk-hello"), "assemblyscript-sdk-era", [
    "index.ts",
    "-O3",
    "--use",
    "abort=abort_proc_exit",
    "-b",
    sdkHello,
  ]);
  return { empty, sdkHello, steps };
}
