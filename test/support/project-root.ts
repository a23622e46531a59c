// The checkout's folder, from wherever this code runs: vitest loads the sources, mesh and benches a bundle
// under build/, and a path relative to `import.meta.url` would mean two things.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The nearest folder above this file that has the project's package.json. */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package-lock.json"))) {
    const above = dirname(folder);
    if (above === folder) throw new Error("no package-lock.json above the project's code");
    folder = above;
  }
  return folder;
}
