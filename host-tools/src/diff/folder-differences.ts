// A policy against a folder of manifests, or one file with all of them. Files that stand beside the
// objects (kustomization, values, patches) are compared as they are.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { Manifest } from "../manifests/manifests";
import { ExitCode, GanglionError } from "../lib/errors";
import { inputName, readTextInput, reasonOf, STDIN } from "../lib/input";
import { type Difference, difference, objectDifferences, type Placed } from "./difference";
import { type AnyObject, isObject, renderedObject } from "./normal-object";

const YAML_FILE = /\.(ya?ml|json)$/;

export interface RenderedPolicy {
  readonly objects: readonly Manifest[];
  /** Files beside the objects, by name. */
  readonly companions: readonly (readonly [file: string, text: string])[];
  /** True where the configuration holds no model: weights are then pushed apart. */
  readonly isPushed: boolean;
}

/** @param path a folder, a file, or `-` */
export async function folderDifferences(
  rendered: RenderedPolicy,
  path: string,
): Promise<Difference[]> {
  const isFolder = path !== STDIN && (await isDirectory(path));
  const companions = new Set(rendered.companions.map(([file]) => join(path, file)));
  const files = isFolder ? await filesBelow(path) : [path];
  const found: Placed[] = [];
  for (const file of files.filter((one) => !companions.has(one))) {
    found.push(...placedObjects(await readTextInput(file), file));
  }
  const wanted = rendered.objects.map(({ file, object }) => ({
    place: isFolder ? join(path, file) : file,
    object: renderedObject(object),
  }));
  return [
    ...objectDifferences(wanted, found, rendered.isPushed),
    ...(isFolder ? await companionDifferences(rendered, path, files) : []),
  ];
}

async function companionDifferences(
  { companions }: RenderedPolicy,
  folder: string,
  files: readonly string[],
): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const [name, text] of companions) {
    const place = join(folder, name);
    const found = files.includes(place)
      ? { place, text: await readTextInput(place) }
      : { place: undefined, text: "" };
    differences.push(...difference(name, found, { place, text }));
  }
  return differences;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new GanglionError("E_INPUT", `cannot read ${path}: ${reasonOf(cause)}`, {
      cause,
      hint: "Name a folder or a file of manifests, or --cluster.",
      exitCode: ExitCode.badInput,
    });
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) files.push(...(await filesBelow(path)));
    else if (YAML_FILE.test(entry.name)) files.push(path);
  }
  return files;
}

function placedObjects(text: string, file: string): Placed[] {
  const documents = parseAllDocuments(text, { prettyErrors: true });
  return [documents].flat().flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      throw new GanglionError("E_YAML", `${inputName(file)}: ${error.message.split("\n")[0]}`, {
        hint: "Mend the file, or render it again.",
        exitCode: ExitCode.badInput,
      });
    }
    return objectsIn(document.toJSON()).map((object) => ({ place: inputName(file), object }));
  });
}

/** An object, or those in a `List`. */
function objectsIn(value: unknown): AnyObject[] {
  const { kind, items } = (value ?? {}) as { kind?: unknown; items?: unknown };
  if (kind === "List" && Array.isArray(items)) return items.filter(isObject);
  return isObject(value) ? [value] : [];
}
