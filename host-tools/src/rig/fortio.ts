// Fortio, the load generator whose figures others publish (Istio among them): where it is present,
// the overhead bench uses it, so that its numbers compare. Ours is the stand-in, and every result
// says which of the two made it.

import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { ExitCode, GanglionError } from "../lib/errors";
import { cacheDir, type Env } from "./cache-dir";
import { findOnPath, isExecutable } from "./executable";
import { withInstallDir } from "./install-dir";
import { runCommand } from "./run-command";

export const FORTIO_VERSION = "1.66.5";
const MODULE = `fortio.org/fortio@v${FORTIO_VERSION}`;

export interface FoundFortio {
  readonly path: string;
  readonly version: string;
  readonly source: "env" | "path" | "cache" | "go";
}

export interface FindFortioOptions {
  /** Whether to `go install` it into the cache when there is none; takes about a minute. */
  readonly install: boolean;
  readonly onProgress?: (sentence: string) => void;
  readonly env?: Env;
}

/** The parts of Fortio's JSON that we read; times in seconds. */
export interface FortioReport {
  readonly ActualQPS: number;
  readonly ActualDuration: number;
  readonly RetCodes: Readonly<Record<string, number>>;
  readonly DurationHistogram: {
    readonly Count: number;
    readonly Min: number;
    readonly Max: number;
    readonly Avg: number;
    readonly Percentiles?: readonly { readonly Percentile: number; readonly Value: number }[];
  };
}

/**
 * `$FORTIO`, `fortio` on PATH, own cache, `go install`; undefined if there is none to be had.
 *
 * @throws GanglionError E_FORTIO_ENV if `$FORTIO` is set and does not run
 */
export async function findFortio(options: FindFortioOptions): Promise<FoundFortio | undefined> {
  const env = options.env ?? process.env;
  if (env.FORTIO) {
    const version = await fortioVersion(env.FORTIO);
    if (version !== undefined) return { path: env.FORTIO, version, source: "env" };
    throw new GanglionError("E_FORTIO_ENV", `FORTIO is not a working fortio: ${env.FORTIO}`, {
      hint: "Point it at a fortio executable, or unset it to let the tool look.",
      exitCode: ExitCode.usage,
    });
  }
  const onPath = findOnPath("fortio", env);
  const cached = join(cacheDir(env), "fortio", FORTIO_VERSION, "fortio");
  for (const [source, path] of [["path", onPath] as const, ["cache", cached] as const]) {
    const version = path === undefined ? undefined : await fortioVersion(path);
    if (path !== undefined && version !== undefined) return { path, version, source };
  }
  if (!options.install || !(await goInstall(cached, env, options.onProgress))) return undefined;
  const version = await fortioVersion(cached);
  return version === undefined ? undefined : { path: cached, version, source: "go" };
}

async function goInstall(
  target: string,
  env: Env,
  onProgress: FindFortioOptions["onProgress"],
): Promise<boolean> {
  const go = findOnPath("go", env);
  if (!go) return false;
  onProgress?.(`installing Fortio ${FORTIO_VERSION} with go install (once, about a minute)`);
  return withInstallDir(join(cacheDir(env), "fortio"), async (dir) => {
    const options = { env: { ...env, GOBIN: dir, GOFLAGS: "" }, timeoutMs: 600_000 };
    const result = await runCommand(go, ["install", MODULE], options);
    if (result.status !== 0) return false;
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(dir, "fortio"), target);
    return true;
  });
}

async function fortioVersion(path: string): Promise<string | undefined> {
  if (!isExecutable(path)) return undefined;
  const result = await runCommand(path, ["version"], { timeoutMs: 10_000 });
  return result.status === 0 ? result.stdout.trim().split(/\s+/)[0] : undefined;
}

/**
 * Runs `fortio load` and returns its report. Initial errors do not end the run.
 *
 * @param args more of its flags, e.g. `["-c", "100", "-qps", "1000", "-t", "20s"]`
 * @throws GanglionError E_FORTIO_RUN with its last words
 */
export async function runFortio(
  fortio: FoundFortio,
  url: string,
  args: readonly string[],
  timeoutMs = 600_000,
): Promise<FortioReport> {
  const fixed = ["load", "-json", "-", "-allow-initial-errors"];
  fixed.push("-p", "50,90,99,99.9", "-loglevel", "Warning");
  const result = await runCommand(fortio.path, [...fixed, ...args, url], { timeoutMs });
  if (result.status === 0) return JSON.parse(result.stdout) as FortioReport;
  const words = (result.error?.message ?? result.stderr).trim().split("\n").slice(-3).join("; ");
  const how = result.timedOut ? `ran longer than ${timeoutMs} ms` : `exited with ${result.status}`;
  throw new GanglionError("E_FORTIO_RUN", `fortio load ${how}: ${words || "no message"}`);
}
