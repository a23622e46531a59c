// Where the laboratory modules are that run single layers of the filter: beside this tool's bundle, in
// a checkout as in an installed package. Beside lib/filter-module.ts, which answers the same for the
// whole filter.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GanglionError } from "../lib/errors";

export type LabName = "model" | "content";

/**
 * The bytes of a laboratory module.
 *
 * @throws GanglionError E_LAB_MODULE when it was not built
 */
export async function readLabModule(name: LabName): Promise<Buffer> {
  const here = dirname(fileURLToPath(import.meta.url));
  const module = `${name}.lab.wasm`;
  const places = [join(here, module), join(here, "../../../build", module)];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return readFile(found);
  throw new GanglionError("E_LAB_MODULE", `the module ${module} is not beside the tool`, {
    hint: "Run `npm run build`, or install the package again.",
  });
}
