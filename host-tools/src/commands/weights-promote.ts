// `ganglion weights promote`: what ran in shadow mode acts from now on.

import type { ExitCode } from "../lib/errors";
import { promotePlan } from "../weights/plans";
import { type ChangeCommandOptions, runChange } from "../weights/run-change";

export async function runWeightsPromote(options: ChangeCommandOptions): Promise<ExitCode> {
  return runChange(promotePlan, options);
}
