// Where the benchmark's data are, or a skip that says that they are not.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { findDataDir } from "../../../host-tools/src/rig/traces/trace-file";

/** The folder that holds nab/. */
export function dataDirOrSkip(context: TestContext): string {
  const dir = findDataDir();
  if (dir !== undefined && existsSync(join(dir, "nab"))) return dir;
  return context.skip("the series of NAB are not here (GANGLION_DATA)");
}
