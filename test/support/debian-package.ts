// Programs out of Debian packages, found on PATH or unpacked (not installed) into the project's cache.
// Where one cannot be had the caller is told why: tests then say so and skip, and fail in CI.

import { execFile } from "node:child_process";
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { missing, type Found } from "./found";
import { projectRoot } from "./project-root";

const run = promisify(execFile);
const CACHE = join(projectRoot(), ".cache");

/**
 * The folder that holds all of the programs.
 *
 * @param name of the package
 * @throws Error in CI, where there is none
 */
export async function findPackage(name: string, programs: readonly string[]): Promise<Found> {
  const cached = join(CACHE, name, "usr", "bin");
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  for (const folder of [...folders, cached]) {
    if (await holdsAll(folder, programs)) return { path: folder };
  }
  try {
    await unpack(name);
    return { path: cached };
  } catch (error) {
    const reason = String((error as Error).message).split("\n")[0];
    return missing(`${name} is neither on PATH nor to be had from apt: ${reason}`);
  }
}

async function unpack(name: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(join(CACHE, `${name}-`));
  try {
    const download = () => run("apt-get", ["download", "-q", name], { cwd: draft });
    await download().catch(async () => {
      await run("apt-get", ["update", "-q"]);
      await download();
    });
    const archive = (await readdir(draft)).find((file) => file.endsWith(".deb"));
    if (archive === undefined) throw new Error("apt-get download left no .deb");
    await run("dpkg", ["-x", join(draft, archive), draft]);
    await rm(join(draft, archive));
    await rm(join(CACHE, name), { recursive: true, force: true });
    await rename(draft, join(CACHE, name));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function holdsAll(folder: string, programs: readonly string[]): Promise<boolean> {
  try {
    for (const program of programs) await access(join(folder, program), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
