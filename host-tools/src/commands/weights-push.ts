// `ganglion weights push`: new weights into the filter of a cluster, and done only when every proxy
// runs them.

import type { ExitCode } from "../lib/errors";
import { pushPlan } from "../weights/plans";
import { readArtifact } from "../weights/read-artifact";
import { type ChangeCommandOptions, runChange } from "../weights/run-change";

export interface WeightsPushOptions extends ChangeCommandOptions {
  readonly sha256?: string;
  /** The new weights only compute and count, until `promote`. */
  readonly shadow?: boolean;
  readonly reArm?: boolean;
}

/** @param model path of the artifact */
export async function runWeightsPush(
  model: string,
  options: WeightsPushOptions,
): Promise<ExitCode> {
  const artifact = await readArtifact(model, options.sha256);
  const modelMode = options.shadow === true ? ("shadow" as const) : undefined;
  return runChange(pushPlan({ artifact, modelMode, rearm: options.reArm === true }), options);
}
