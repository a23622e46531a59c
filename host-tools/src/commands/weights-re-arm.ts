// `ganglion weights re-arm`: the same weights in new VMs, for workers whose filter has gone silent.

import type { ExitCode } from "../lib/errors";
import { rearmPlan } from "../weights/plans";
import { type ChangeCommandOptions, runChange } from "../weights/run-change";

export async function runWeightsRearm(options: ChangeCommandOptions): Promise<ExitCode> {
  const fileWay = "Raise GANGLION_VM_GEN under vmConfig.env in the file that it applies.";
  return runChange(rearmPlan, { ...options, fileWay });
}
