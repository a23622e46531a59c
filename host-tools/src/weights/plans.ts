// What each command makes of what is there: the pure part of push, promote, rollback and re-arm.

import { ExitCode, GanglionError } from "../lib/errors";
import { objectName } from "../cluster";
import type { Plan } from "./change-weights";
import { liveGeneration, type Mode } from "./generation";
import { type History, recalled } from "./history";
import type { LiveFilter } from "./live-filter";

export interface PushChoices {
  readonly artifact: Uint8Array;
  /** `shadow`: the model only counts what it would do, until `promote`. Default: as it is. */
  readonly modelMode?: Mode | undefined;
  /** Another VM key with it. */
  readonly rearm?: boolean;
}

export function pushPlan({ artifact, modelMode, rearm }: PushChoices): Plan {
  return (live) => {
    const old = liveGeneration(live);
    return {
      kind: "push",
      generation: {
        artifact,
        modelMode: modelMode ?? old.modelMode,
        vmGeneration: old.vmGeneration + (rearm === true ? 1 : 0),
      },
    };
  };
}

/** The same weights, enforced. @throws GanglionError E_WEIGHTS_MODE where they are already */
export const promotePlan: Plan = (live) => {
  const old = liveGeneration(live);
  if (old.modelMode !== "shadow") throw nothingToPromote(live);
  return { kind: "promote", of: old.epoch, generation: { ...old, modelMode: "enforce" } };
};

function nothingToPromote({ key, config, mode }: LiveFilter): GanglionError {
  const name = objectName(key);
  const options = { exitCode: ExitCode.badInput };
  if (config.model === undefined) {
    return new GanglionError(
      "E_WEIGHTS_MODE",
      `${name} has no model: there is nothing to promote`,
      {
        ...options,
        hint: "Push one with `ganglion weights push MODEL --shadow`.",
      },
    );
  }
  const isAllShadow = mode === "shadow";
  return new GanglionError(
    "E_WEIGHTS_MODE",
    `the model of ${name} is not in shadow: there is nothing to promote` +
      (isAllShadow ? "; the whole configuration is, by its own mode" : ""),
    {
      ...options,
      hint: isAllShadow
        ? "That mode is the policy's, for limits and arms too: set `mode: enforce` there and apply it."
        : "Push with --shadow to have new weights watched first.",
    },
  );
}

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
    const { artifact, modelMode } = recalled(history, target);
    const { vmGeneration } = live;
    return { kind: "rollback", of: target, generation: { artifact, modelMode, vmGeneration } };
  };
}

/**
 * Other weights than those in force, from before they came. A rollback stands where its weights
 * stood, so that a second one goes further back instead of bringing back what was bad.
 *
 * @throws GanglionError E_HISTORY_EPOCH where there are none
 */
function previousEpoch(live: LiveFilter, history: History): number {
  const current = live.config.model?.sha256 ?? "none";
  const origin = originOf(live.epoch, history);
  const before = history.records
    .filter(({ epoch, sha256 }) => epoch < origin && sha256 !== current)
    .at(-1);
  if (before !== undefined) return before.epoch;
  const others = history.records
    .filter(({ epoch, sha256 }) => epoch < live.epoch && sha256 !== current)
    .map(({ epoch }) => epoch);
  const from = origin === live.epoch ? "" : `, whose weights are those of epoch ${origin}`;
  throw new GanglionError(
    "E_HISTORY_EPOCH",
    `${history.name} has no other weights before epoch ${live.epoch}${from}`,
    {
      hint:
        others.length === 0
          ? "The history begins with the first `ganglion weights push`; push the older artifact."
          : `Name one of the later ones, rolled back before, with --to: ${others.join(", ")}.`,
      exitCode: ExitCode.badInput,
    },
  );
}

/** The epoch in which these weights came, over rollbacks, promotions and new VMs since. */
function originOf(epoch: number, { records }: History): number {
  let origin = epoch;
  // An edited history may point in circles; each step goes back in time, or it is the last.
  for (;;) {
    const of = records.find((one) => one.epoch === origin)?.of;
    if (of === undefined || of >= origin) return origin;
    origin = of;
  }
}
