// `ganglion weights push`: new weights into the filter of a cluster, and done only when every proxy
// runs them.

import type { ExitCode } from "../lib/errors";
import { ExitCode as Exit } from "../lib/errors";
import { say } from "../lib/talk";
import { pushToFile } from "../weights/file-push";
import { pushPlan } from "../weights/plans";
import { readArtifact } from "../weights/read-artifact";
import { type ChangeCommandOptions, runChange } from "../weights/run-change";
import { openSession } from "../weights/session";

export interface WeightsPushOptions extends ChangeCommandOptions {
  readonly sha256?: string;
  /** The new weights only compute and count, until `promote`. */
  readonly shadow?: boolean;
  readonly reArm?: boolean;
  /** The file that a GitOps controller applies. */
  readonly toFile?: string;
}

/** @param model path of the artifact */
export async function runWeightsPush(
  model: string,
  options: WeightsPushOptions,
): Promise<ExitCode> {
  const artifact = await readArtifact(model, options.sha256);
  if (options.toFile !== undefined) {
    const session = await openSession(options, options, options);
    const { before, after } = await pushToFile(session, artifact, options.toFile, options.epoch);
    say(`${options.toFile}: epoch ${before.epoch ?? 0} -> ${after.epoch}; nothing was applied`);
    return Exit.ok;
  }
  const mode = options.shadow === true ? ("shadow" as const) : undefined;
  return runChange(pushPlan({ artifact, mode, rearm: options.reArm === true }), options);
}
