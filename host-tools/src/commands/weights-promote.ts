// `ganglion weights promote`: a model that was in shadow acts from now on.

import type { ExitCode } from "../lib/errors";
import { promotePlan } from "../weights/plans";
import { type ChangeCommandOptions, runChange } from "../weights/run-change";

export async function runWeightsPromote(options: ChangeCommandOptions): Promise<ExitCode> {
  return runChange(promotePlan, options);
}
