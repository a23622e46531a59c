// A folder to install into before the result is moved into place. It lies inside the cache, because a
// rename works only within one file system. An install that was killed leaves its folder behind; the
// next one removes those that are too old to be at work.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const PREFIX = ".installing-";
const ABANDONED_MS = 3_600_000;

/** Runs `install` with a new folder under `parent`; the folder is removed afterwards. */
export async function withInstallDir<T>(
  parent: string,
  install: (dir: string) => Promise<T>,
): Promise<T> {
  mkdirSync(parent, { recursive: true });
  const dir = mkdtempSync(join(parent, PREFIX));
  try {
    removeAbandoned(parent, statSync(dir).mtimeMs);
    return await install(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function removeAbandoned(parent: string, nowMs: number): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(parent, name);
    const modifiedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? nowMs;
    if (nowMs - modifiedMs > ABANDONED_MS) rmSync(path, { recursive: true, force: true });
  }
}
