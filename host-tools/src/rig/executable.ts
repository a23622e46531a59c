// Looks an executable up the way a shell would. `which` is not everywhere and would need a process.

import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Env } from "./cache-dir";

/** True for a regular file that this user may execute. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** First executable called `name` in `$PATH`, or undefined. Empty PATH entries are ignored. */
export function findOnPath(name: string, env: Env = process.env): string | undefined {
  for (const dir of (env.PATH ?? "").split(delimiter)) {
    if (dir === "") continue;
    const path = join(dir, name);
    if (isExecutable(path)) return path;
  }
  return undefined;
}
