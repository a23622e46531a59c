// Writes results: to standard output, or to a file that is old or new at every instant. A file is
// written beside its place, flushed and renamed; a reader, a crash or a full disk never meets half.

import { chmod, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { GanglionError } from "./errors";
import { reasonOf } from "./input";
import { makeFolder } from "./make-folder";

/** The name for standard output in the place of a file. */
export const STDOUT = "-";

/**
 * Writes to the file, or to standard output when there is none or it is `-`.
 *
 * @throws GanglionError E_OUTPUT; the file is then as it was
 */
export async function writeOutput(
  contents: string | Uint8Array,
  file: string | undefined,
): Promise<void> {
  if (file === undefined || file === STDOUT) return writeStdout(contents);
  await writeFileAtomically(file, contents);
}

/**
 * Resolves when standard output has taken everything, so that a following exit cuts nothing off.
 */
async function writeStdout(contents: string | Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(contents, (error) => {
      // A reader that has seen enough (`| head`) is no error of ours.
      if (error && (error as NodeJS.ErrnoException).code !== "EPIPE") reject(error);
      else resolve();
    });
  });
}

/**
 * Replaces a file in one step; keeps its mode, follows no half state. Makes missing folders.
 *
 * @throws GanglionError E_OUTPUT; the file is then as it was
 */
export async function writeFileAtomically(
  file: string,
  contents: string | Uint8Array,
): Promise<void> {
  // A link stays one: what it points to is replaced.
  const target = await realpath(file).catch(() => file);
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}.draft`);
  try {
    await makeFolder(dirname(target));
    const mode = await modeOf(target);
    await writeDraft(draft, contents);
    if (mode !== undefined) await chmod(draft, mode);
    await rename(draft, target);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw new GanglionError("E_OUTPUT", `cannot write ${file}: ${reasonOf(cause)}`, {
      cause,
      hint: "Check the place, its rights and the space left; nothing there was changed.",
    });
  }
}

/** Writes a file that is complete on the disk when this returns; what it becomes then is the caller's. */
export async function writeDraft(draft: string, contents: string | Uint8Array): Promise<void> {
  const handle = await open(draft, "w");
  try {
    await handle.writeFile(contents);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function modeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mode & 0o777;
  } catch {
    return undefined;
  }
}
