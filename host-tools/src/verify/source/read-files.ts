// From what the user named to objects: files, folders, standard input. A file that is no YAML is
// told and the others are read on, so that one template does not hide what is wrong elsewhere.

import { readdir, readFile, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";
import { ExitCode, GanglionError } from "../../lib/errors";
import { readTextInput, reasonOf, STDIN } from "../../lib/input";
import type { MeshObject } from "./mesh-object";
import { readObjects } from "./read-objects";

const YAML = /\.(ya?ml|json)$/i;
/** JSON in a folder is read only where it says that it is an object; package files are not. */
const JSON_OBJECT = /"kind"\s*:/;
/** Where a chart stands, its templates are no YAML until they are rendered. */
const CHART = "Chart.yaml";
/** Objects are at most 1.5 MiB in a cluster; a file may hold many, but not everything. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;

export interface Reading {
  readonly objects: readonly MeshObject[];
  /** Files that could not be read, each with its reason. */
  readonly faults: readonly GanglionError[];
  readonly files: number;
  /** Files, or kinds of a cluster, that are left out. */
  readonly unread: number;
}

/**
 * @param paths files, folders, and `-` for standard input
 * @param namespace of objects that name none
 */
export async function readPaths(paths: readonly string[], namespace: string): Promise<Reading> {
  const objects: MeshObject[] = [];
  const faults: GanglionError[] = [];
  let files = 0;
  const take = async (name: string, text: () => Promise<string>): Promise<void> => {
    files++;
    try {
      objects.push(...readObjects(name, await text(), namespace));
    } catch (error) {
      if (!(error instanceof GanglionError)) throw error;
      faults.push(error);
    }
  };
  for (const path of paths) {
    if (path === STDIN) await take("standard-input.yaml", () => readTextInput(STDIN));
    else {
      for (const file of await filesOf(path)) await take(shownPath(file), () => textOf(file));
    }
  }
  return { objects, faults, files, unread: faults.length };
}

async function filesOf(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    return await filesBelow(path);
  } catch (cause) {
    throw new GanglionError("E_INPUT", `cannot read ${path}: ${reasonOf(cause)}`, {
      cause,
      hint: "Name files or folders that exist, or `-` for standard input.",
      exitCode: ExitCode.badInput,
    });
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const chart = entries.some((entry) => entry.name === CHART);
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      if (!(chart && entry.name === "templates")) files.push(...(await filesBelow(path)));
    } else if (entry.isFile() && YAML.test(entry.name) && (await isObjectFile(path))) {
      files.push(path);
    }
  }
  return files;
}

async function isObjectFile(path: string): Promise<boolean> {
  return !path.endsWith(".json") || JSON_OBJECT.test(await readFile(path, "utf8"));
}

async function textOf(file: string): Promise<string> {
  const { size } = await stat(file);
  if (size > FILE_BYTES_MAX) {
    throw new GanglionError("E_INPUT", `${file} is ${size} bytes, more than ${FILE_BYTES_MAX}`, {
      hint: "Split it, or name the files that matter.",
      exitCode: ExitCode.badInput,
    });
  }
  return await readTextInput(file);
}

/** Relative to where the command runs, with slashes, as `git apply` wants names. */
function shownPath(file: string): string {
  const path = isAbsolute(file) ? relative(process.cwd(), file) : relative(".", file);
  return (path.startsWith("..") ? file : path).split(sep).join("/");
}
