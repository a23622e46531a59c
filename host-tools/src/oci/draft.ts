// Files and folders that appear under their name whole or not at all: written as a hidden draft
// beside their place, then renamed. The draft's name carries the process that owns it, so that a
// later run can tell the remains of a killed one (removed) from the work of one that still runs
// (left alone).
//
//   .NAME.PID.draft

import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const DRAFT_NAME = /^\..*\.([0-9]+)\.draft$/;

// A process number comes back, in containers on every start: only these of ours are alive.
const liveDrafts = new Set<string>();

/** Writes a file; on the disk before it has its name. */
export async function writeWholeFile(path: string, bytes: Uint8Array): Promise<void> {
  await withDraft(path, async (draft) => {
    const file = await open(draft, "wx", 0o644);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

/** Fills a folder; its place must be free or an empty folder when it is done. */
export async function writeWholeFolder(
  path: string,
  fill: (draft: string) => Promise<void>,
): Promise<void> {
  await withDraft(path, async (draft) => {
    await mkdir(draft);
    await fill(draft);
  });
}

/** Removes the drafts of dead processes from a folder, which need not exist. */
export async function removeDeadDrafts(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) {
    const owner = DRAFT_NAME.exec(name)?.[1];
    const path = join(folder, name);
    if (owner === undefined || isAlive(Number(owner), path)) continue;
    await rm(path, { recursive: true, force: true });
  }
}

async function withDraft(path: string, write: (draft: string) => Promise<void>): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.draft`);
  if (liveDrafts.has(draft)) throw new Error(`${path} is being written already`);
  liveDrafts.add(draft);
  try {
    await write(draft);
    await rename(draft, path);
  } finally {
    await rm(draft, { recursive: true, force: true });
    liveDrafts.delete(draft);
  }
}

function isAlive(pid: number, draft: string): boolean {
  if (pid === process.pid) return liveDrafts.has(draft);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
