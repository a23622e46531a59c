// Istio's own image fetcher, built from istio-fetcher/ (a few lines of Go around
// istio.io/istio/pkg/wasm) into the project's cache. Whether Istio takes an image is a question for
// Istio's code, not for a reimplementation of its rules. First build: about a minute on 2 cores,
// then it is found by content.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Found, missing } from "./found";
import { projectRoot } from "./project-root";

const run = promisify(execFile);
const SOURCE = join(projectRoot(), "test/support/istio-fetcher");
const CACHE = join(projectRoot(), ".cache/istio-fetcher");
/** Long enough for a first build that shares its two cores. */
export const BUILD_TIMEOUT_MS = 600_000;

/** The Go command, or why there is none; throws that reason when CI=true. */
export async function findGo(): Promise<Found> {
  try {
    await run("go", ["version"]);
    return { path: "go" };
  } catch {
    return missing("Istio's fetcher is built with Go 1.26 or newer, and there is no `go` on PATH");
  }
}

/** The fetcher's path, built first if these sources have not been built before. */
export async function buildIstioFetcher(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of ["go.mod", "go.sum", "main.go"])
    hash.update(await readFile(join(SOURCE, name)));
  const program = join(CACHE, `istio-fetcher-${hash.digest("hex").slice(0, 16)}`);
  const built = await access(program).then(
    () => true,
    () => false,
  );
  if (built) return program;
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(join(CACHE, "draft-"));
  try {
    const output = join(draft, "istio-fetcher");
    await run("go", ["build", "-trimpath", "-mod=readonly", "-o", output, "."], {
      cwd: SOURCE,
      env: { ...process.env, CGO_ENABLED: "0" },
      timeout: BUILD_TIMEOUT_MS,
    });
    await rename(output, program);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return program;
}

/**
 * Fetches an image as istio-agent does.
 *
 * @param sha256 a WasmPlugin's `sha256` field: hexadecimal, without a prefix
 * @returns the module's bytes; rejects with Istio's own words
 */
export async function fetchAsIstio(
  program: string,
  cacheFolder: string,
  url: string,
  sha256?: string,
): Promise<Uint8Array> {
  const args = ["fetch", cacheFolder, url, ...(sha256 === undefined ? [] : [sha256])];
  const { stdout } = await run(program, args);
  const path = stdout.trim().split("\n").at(-1) ?? "";
  return readFile(path);
}

/**
 * Reads a layout with go-containerregistry, which checks each digest and the archives within.
 *
 * @returns the number of layers of each image; rejects with that library's words
 */
export async function validateLayout(program: string, folder: string): Promise<number[]> {
  const { stdout } = await run(program, ["validate", folder]);
  return stdout.trim().split("\n").map(Number);
}
