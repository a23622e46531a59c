// The image of a commit, built from nothing: a clone of its own, packages installed as the lock file
// says, and everything that a build must not depend on set to something else each time: folder,
// home, time zone, language, file mode mask.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a machine is like that builds. */
export interface Machine {
  /** Part of the folder's name, of another length on each. */
  readonly name: string;
  readonly timeZone: string;
  readonly language: string;
  /** Octal. */
  readonly mask: string;
}

export interface CleanBuild {
  /** Manifest digests, compat then artifact. */
  readonly digests: readonly string[];
  /** The list of contents. */
  readonly sbom: string;
  readonly wasm: Uint8Array;
  /** Clone, install, build and pack. */
  readonly seconds: number;
}

/**
 * Builds the commit's image.
 *
 * @param root of the checkout that has the commit
 */
export async function cleanBuild(
  root: string,
  commit: string,
  machine: Machine,
): Promise<CleanBuild> {
  const startMs = performance.now();
  const folder = await mkdtemp(join(tmpdir(), `ganglion-${machine.name}-`));
  try {
    const tree = join(folder, "tree");
    await run("git", ["clone", "-q", "--no-local", "--no-checkout", root, tree]);
    await run("git", ["-C", tree, "checkout", "-q", "--detach", commit]);
    const date = await run("git", ["-C", tree, "log", "-1", "--format=%ct", commit]);
    // The packages come out of npm's own cache, which is the user's and not the build's.
    const cache = (await run("npm", ["config", "get", "cache"])).stdout.trim();
    const script = [
      `umask ${machine.mask}`,
      "npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --silent",
      "node host-tools/build.mjs release command",
      `node build/ganglion.mjs pack --form both --revision ${commit} -o layout --sbom sbom.json`,
    ];
    const { stdout } = await run("sh", ["-ec", script.join("\n")], {
      cwd: tree,
      maxBuffer: 16 * 1024 * 1024,
      env: {
        PATH: process.env["PATH"],
        HOME: folder,
        TZ: machine.timeZone,
        LANG: machine.language,
        npm_config_cache: cache,
        SOURCE_DATE_EPOCH: date.stdout.trim(),
      },
    });
    return {
      digests: stdout.trim().split("\n"),
      sbom: await readFile(join(tree, "sbom.json"), "utf8"),
      wasm: await readFile(join(tree, "build/ganglion.wasm")),
      seconds: (performance.now() - startMs) / 1000,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
