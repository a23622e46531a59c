// Makes a file that must not be there yet: whole or not at all, and never over somebody else's.

import { link, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { GanglionError } from "./errors";
import { reasonOf } from "./input";
import { makeFolder } from "./make-folder";
import { writeDraft } from "./output";

/**
 * Creates a file with these contents; makes missing folders.
 *
 * @throws GanglionError E_EXISTS where there is one already, E_OUTPUT
 */
export async function createFile(file: string, contents: string): Promise<void> {
  const draft = join(dirname(file), `.${basename(file)}.${process.pid}.draft`);
  try {
    await makeFolder(dirname(file));
    await writeDraft(draft, contents);
    // Fails where the name is taken, unlike a rename.
    await link(draft, file);
  } catch (cause) {
    throw outputError(file, cause);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

function outputError(file: string, cause: unknown): GanglionError {
  if ((cause as NodeJS.ErrnoException).code === "EEXIST") {
    return new GanglionError("E_EXISTS", `${file} is there already`, {
      cause,
      hint: "Name another file, or move that one away; nothing was written.",
    });
  }
  return new GanglionError("E_OUTPUT", `cannot write ${file}: ${reasonOf(cause)}`, {
    cause,
    hint: "Check the place, its rights and the space left.",
  });
}
