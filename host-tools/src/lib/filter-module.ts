// Where the filter's release module is: beside this tool's bundle, in a checkout as in an installed
// package. From source (tests) it is in the checkout's build folder.

import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GanglionError } from "./errors";

const MODULE = "ganglion.wasm";

/**
 * Path of the release module.
 *
 * @throws GanglionError E_FILTER_MODULE when it was not built
 */
export function filterModulePath(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const places = [join(here, MODULE), join(here, "../../../build", MODULE)];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new GanglionError(
    "E_FILTER_MODULE",
    `the filter's module ${MODULE} is not beside the tool`,
    {
      hint: "Run `npm run build`, or install the package again.",
    },
  );
}

/** Whether these bytes are the release module's; false where there is none. */
export function isOwnModule(wasm: Uint8Array): boolean {
  try {
    return Buffer.compare(readFileSync(filterModulePath()), wasm) === 0;
  } catch {
    return false;
  }
}

/** As filterModulePath, read. */
export async function readFilterModule(): Promise<Buffer> {
  return readFile(filterModulePath());
}
