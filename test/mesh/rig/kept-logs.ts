// The logs of a mesh go with its folder. Whoever wants to know why a test failed where nobody watched
// names a folder to keep them in.

import { copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

/** Copies all logs below `folder` to `$GANGLION_MESH_LOGS`, if that is set. */
export function keepLogs(folder: string, env: NodeJS.ProcessEnv = process.env): void {
  const place = env.GANGLION_MESH_LOGS;
  if (!place || !existsSync(folder)) return;
  const target = join(place, `${basename(dirname(folder))}-${basename(folder)}`);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".log")) continue;
    const from = join(entry.parentPath ?? entry.path, entry.name);
    const name = relative(folder, from).replaceAll("/", ".");
    mkdirSync(target, { recursive: true });
    copyFileSync(from, join(target, name));
  }
}
