// `ganglion weights rollback`: weights of an earlier epoch, under a new one.

import type { ExitCode } from "../lib/errors";
import { rollbackPlan } from "../weights/plans";
import { type ChangeCommandOptions, runChange } from "../weights/run-change";

export interface RollbackOptions extends ChangeCommandOptions {
  /** Epoch whose weights come back. */
  readonly to?: number;
}

export async function runWeightsRollback(options: RollbackOptions): Promise<ExitCode> {
  return runChange(rollbackPlan(options.to), options);
}
