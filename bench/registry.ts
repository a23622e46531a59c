// Finds a bench by name and runs it. Benches are loaded one at a time: each pulls in a different part of
// the product.

import { ExitCode, GanglionError } from "../host-tools/src/lib/errors";
import type { Bench, BenchOptions, BenchResult } from "./bench";

const benches: Readonly<Record<string, () => Promise<{ readonly bench: Bench }>>> = {
  proxy: () => import("./proxy"),
  kernels: () => import("./kernels"),
  exact: () => import("./exact"),
  train: () => import("./train"),
  soak: () => import("./soak"),
  limits: () => import("./limits"),
  "slow-arm": () => import("./slow-arm"),
  hostile: () => import("./hostile"),
  swap: () => import("./swap"),
  overhead: () => import("./overhead"),
  detect: () => import("./detect"),
  calibration: () => import("./calibration"),
  poison: () => import("./poison"),
  faults: () => import("./faults"),
  rollout: () => import("./rollout"),
  image: () => import("./image"),
  "mesh-push": () => import("./mesh-push"),
  "mesh-bad": () => import("./mesh-bad"),
  rbac: () => import("./rbac"),
  sidecar: () => import("./sidecar"),
  verify: () => import("./verify"),
};

/** Names of all benches, in the order of the README. */
export const benchNames: readonly string[] = Object.keys(benches);

interface Parsed extends Omit<BenchOptions, "say"> {
  readonly name: string;
  readonly json: boolean;
}

function parse(args: readonly string[]): Parsed {
  let name: string | undefined;
  let seed = 1;
  let json = false;
  let quick = false;
  let dataDir: string | undefined;
  let set: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? "";
    if (word === "--json") json = true;
    else if (word === "--quick") quick = true;
    else if (word === "--seed") seed = wholeNumber(args[++i]);
    else if (word === "--data") dataDir = args[++i];
    else if (word === "--set") set = args[++i];
    else if (word.startsWith("-")) throw usage(`unknown option ${word}`);
    else if (name === undefined) name = word;
    else throw usage(`one bench at a time: ${name} or ${word}`);
  }
  if (name === undefined) throw usage("which bench?");
  return { name, seed, json, quick, dataDir, set };
}

function wholeNumber(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || !Number.isSafeInteger(value) || value < 0) {
    throw usage(`--seed ${text ?? ""}: must be a whole number, 0 or more`);
  }
  return value;
}

function usage(message: string): GanglionError {
  return new GanglionError("E_BENCH_USAGE", message, {
    hint: `Run bench NAME [--seed N] [--json] [--quick] [--data DIR] [--set SET] with NAME one of ${benchNames.join(", ")}.`,
    exitCode: ExitCode.usage,
  });
}

/** Parses, runs and prints; the way in for `npm run bench` and for `ganglion bench`. */
export async function runBench(args: readonly string[]): Promise<void> {
  try {
    const { name, json, ...options } = parse(args);
    const load = benches[name];
    if (load === undefined) throw usage(`no bench is called ${name}`);
    const { bench } = await load();
    const say = (line: string): void => void process.stderr.write(`${line}\n`);
    const result = await bench.run({ ...options, say });
    print(result, json);
  } catch (error) {
    if (!(error instanceof GanglionError)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`hint: ${error.hint}\n`);
    process.exitCode = error.exitCode;
  }
}

function print(result: BenchResult, json: boolean): void {
  const rows = result.table ?? Object.entries(result.figures).map(([k, v]) => [k, String(v)]);
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, i) => Math.max(cell.length, all[i] ?? 0)),
    [],
  );
  const lines = rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  "));
  process.stderr.write(`${lines.join("\n")}\n`);
  if (json) process.stdout.write(`${JSON.stringify(result.figures)}\n`);
}
