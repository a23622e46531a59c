// Makes a folder with those above it. Not mkdir's own `recursive`: below a file system that takes no
// folders, such as /proc, Node 20 tries that for ever.

import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes what is missing of a folder's path; one that is there is left as it is.
 *
 * @throws the operating system's error, ENOTDIR where a part of the path is no folder
 */
export async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  const above = dirname(folder);
  if (above !== folder) await makeFolder(above);
  try {
    await mkdir(folder);
  } catch (cause) {
    // Somebody else may have made it in the meantime.
    if (!(await isFolder(folder))) throw cause;
  }
}

/** False where there is nothing; ENOTDIR where there is something else. */
async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  });
  if (found === undefined) return false;
  if (!found.isDirectory()) throw Object.assign(new Error("not a directory"), { code: "ENOTDIR" });
  return true;
}
