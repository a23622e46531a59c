// Where the shipped model is: under wasmplugin/, in a checkout as in an installed package. Beside
// filter-module.ts, which answers the same for the filter.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GanglionError } from "./errors";

const MODEL = "wasmplugin/models/default.gngl";
const CONTENT = "wasmplugin/models/content.gngl";

/**
 * The bytes of the model that the tool comes with.
 *
 * @throws GanglionError E_SHIPPED_MODEL where the package is not whole
 */
export async function readShippedModel(): Promise<Buffer> {
  return readShipped(MODEL, "Run `npm run train:default`, or install the package again.");
}

/** As readShippedModel, the model of paths and queries. */
export async function readShippedContent(): Promise<Buffer> {
  return readShipped(CONTENT, "Run `npm run gen`, or install the package again.");
}

async function readShipped(file: string, hint: string): Promise<Buffer> {
  const here = dirname(fileURLToPath(import.meta.url));
  const found = ["..", "../../.."].map((up) => join(here, up, file)).find((at) => existsSync(at));
  if (found !== undefined) return readFile(found);
  throw new GanglionError("E_SHIPPED_MODEL", `${file} is not in its place`, { hint });
}
