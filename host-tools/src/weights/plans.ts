// What each command makes of what is there: the pure part of push, promote, rollback and re-arm.

import { ExitCode, GanglionError } from "../lib/errors";
import { objectName } from "../cluster";
import type { Plan } from "./change-weights";
import { liveGeneration, type Mode } from "./generation";
import { type History, recalled } from "./history";
import type { LiveFilter } from "./live-filter";

export interface PushChoices {
  readonly artifact: Uint8Array;
  /** `shadow`: the filter only computes and counts until `promote`. Default: as it is. */
  readonly mode?: Mode | undefined;
  /** Another VM key with it. */
  readonly rearm?: boolean;
}

export function pushPlan({ artifact, mode, rearm }: PushChoices): Plan {
  return (live) => {
    const old = liveGeneration(live);
    return {
      kind: "push",
      generation: {
        artifact,
        mode: mode ?? old.mode,
        vmGeneration: old.vmGeneration + (rearm === true ? 1 : 0),
      },
    };
  };
}

/** The same weights, enforced. @throws GanglionError E_WEIGHTS_MODE where they are already */
export const promotePlan: Plan = (live) => {
  const old = liveGeneration(live);
  if (old.mode !== "shadow") {
    throw new GanglionError(
      "E_WEIGHTS_MODE",
      `${objectName(live.key)} is in mode ${old.mode ?? "enforce"}: there is nothing to promote`,
      {
        hint: "Push with --shadow to have new weights watched first.",
        exitCode: ExitCode.badInput,
      },
    );
  }
  return { kind: "promote", of: old.epoch, generation: { ...old, mode: "enforce" } };
};

/** Every worker starts afresh, with what is there. */
export const rearmPlan: Plan = (live) => {
  const old = liveGeneration(live);
  return {
    kind: "re-arm",
    of: old.epoch,
    generation: { ...old, vmGeneration: old.vmGeneration + 1 },
  };
};

/**
 * The weights of an earlier epoch.
 *
 * @param epoch undefined: of the newest generation before the one in force whose weights differ
 */
export function rollbackPlan(epoch: number | undefined): Plan {
  return (live, history) => {
    const target = epoch ?? previousEpoch(live, history);
    const { artifact, mode } = recalled(history, target);
    const { vmGeneration } = live;
    return { kind: "rollback", of: target, generation: { artifact, mode, vmGeneration } };
  };
}

/** @throws GanglionError E_HISTORY_EPOCH where there is none before */
function previousEpoch(live: LiveFilter, history: History): number {
  const current = live.config.model?.sha256 ?? "none";
  const before = history.records
    .filter(
      (one) => one.epoch < live.epoch && (one.sha256 !== current || one.mode !== live.config.mode),
    )
    .at(-1);
  if (before !== undefined) return before.epoch;
  throw new GanglionError(
    "E_HISTORY_EPOCH",
    `${history.name} has no other weights before epoch ${live.epoch}`,
    {
      hint: "The history begins with the first `ganglion weights push`; push the older artifact.",
      exitCode: ExitCode.badInput,
    },
  );
}
