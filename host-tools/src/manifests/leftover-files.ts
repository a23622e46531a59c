// Files of an earlier render that the policy no longer gives: they would go on being applied by
// `kubectl apply -f FOLDER`. Known by the label that all our objects have; what others put into the
// folder is theirs.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const LABEL = /^ {4}app\.kubernetes\.io\/managed-by: ganglion$/m;

/**
 * Names of such files directly in a folder, sorted; none where there is no folder.
 *
 * @param kept names of the files that are rendered now
 */
export async function leftoverFiles(folder: string, kept: readonly string[]): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".yaml") && !kept.includes(entry.name))
    .map(({ name }) => name)
    .sort();
  const texts = await Promise.all(
    names.map((name) => readFile(join(folder, name), "utf8").catch(() => "")),
  );
  return names.filter((_, index) => LABEL.test(texts[index] ?? ""));
}
