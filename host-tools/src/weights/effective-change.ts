// A change of weights that counts only when the proxies act by it: applied, then waited for, then
// kept or, when asked to, put back. A push that the API server took and no proxy runs is not done.

import { objectName } from "../cluster";
import { GanglionError } from "../lib/errors";
import {
  type Changed,
  type ChangeOptions,
  type ChangePorts,
  changeWeights,
} from "./change-weights";
import type { Plan } from "./change-weights";
import { awaitEffect, type Fleet, fleetEpoch, type FleetState, readFleet } from "./fleet";
import { liveGeneration } from "./generation";
import { type LiveFilter, readLiveFilter } from "./live-filter";

export interface EffectOptions extends Omit<ChangeOptions, "reportedEpoch"> {
  /** How long the proxies may take; 0: do not look at them. */
  readonly waitMs: number;
  /** Puts back what was before when the proxies do not act by the change. */
  readonly revert: boolean;
  /** The proxies of the object. */
  readonly fleetOf: (live: LiveFilter) => Fleet;
  readonly onRound?: (state: FleetState, epoch: number, elapsedMs: number) => void;
}

export type Outcome =
  | { readonly result: "dry-run" | "applied"; readonly changed: Changed }
  | {
      readonly result: "effective" | "not-effective" | "superseded";
      readonly changed: Changed;
      readonly state: FleetState;
      readonly elapsedMs: number;
    }
  | {
      readonly result: "reverted";
      readonly changed: Changed;
      /** Why: the proxies under the change. */
      readonly state: FleetState;
      readonly reverted: Changed;
      /** The proxies after it was put back. */
      readonly afterwards: FleetState;
      readonly elapsedMs: number;
    };

/** Looks for a newer epoch in the object every so many rounds of waiting. */
const LOOK_EVERY_ROUNDS = 4;

/** @throws GanglionError; the object is then as it was, or as somebody else made it */
export async function changeAndAwait(
  ports: ChangePorts,
  plan: Plan,
  options: EffectOptions,
): Promise<Outcome> {
  const reportedEpoch = await epochBefore(ports, options);
  const changed = await changeWeights(ports, plan, { ...options, reportedEpoch });
  if (options.dryRun !== undefined) return { result: "dry-run", changed };
  if (options.waitMs === 0) return { result: "applied", changed };
  const startedMs = ports.clock.nowMs();
  const elapsedMs = (): number => ports.clock.nowMs() - startedMs;
  const { state, superseded } = await awaitChange(ports, changed, options);
  if (state.effective) return { result: "effective", changed, state, elapsedMs: elapsedMs() };
  if (superseded) return { result: "superseded", changed, state, elapsedMs: elapsedMs() };
  if (!options.revert) return { result: "not-effective", changed, state, elapsedMs: elapsedMs() };
  const reverted = await revertChange(ports, changed, state, options);
  const { state: afterwards } = await awaitChange(ports, reverted, options);
  return { result: "reverted", changed, state, reverted, afterwards, elapsedMs: elapsedMs() };
}

/** What the proxies have seen already: they ignore whatever is not above it. */
async function epochBefore(ports: ChangePorts, options: EffectOptions): Promise<number> {
  if (options.waitMs === 0) return 0;
  const live = await readLiveFilter(ports.cluster, options.place);
  return fleetEpoch(await readFleet(options.fleetOf(live), live.epoch, ports.clock));
}

async function awaitChange(
  ports: ChangePorts,
  changed: Changed,
  options: EffectOptions,
): Promise<{ state: FleetState; superseded: boolean }> {
  const { epoch } = changed.generation;
  let superseded = false;
  let rounds = 0;
  const state = await awaitEffect(options.fleetOf(changed.before), ports.clock, {
    epoch,
    withinMs: options.waitMs,
    onRound: (round, elapsedMs) => options.onRound?.(round, epoch, elapsedMs),
    shallEnd: async () => {
      rounds += 1;
      if (rounds % LOOK_EVERY_ROUNDS === 0) superseded = await isSuperseded(ports, changed);
      return superseded;
    },
  });
  if (state.effective) superseded = await isSuperseded(ports, changed);
  return { state: superseded ? { ...state, effective: false } : state, superseded };
}

/** An API server that does not answer leaves the question open; the proxies decide. */
async function isSuperseded(ports: ChangePorts, changed: Changed): Promise<boolean> {
  try {
    const { key } = changed.before;
    const now = await readLiveFilter(ports.cluster, { ...key, kind: changed.before.kind });
    return now.epoch > changed.generation.epoch;
  } catch {
    return false;
  }
}

/** The old generation under a new epoch; a dead VM is replaced by another VM key. */
async function revertChange(
  ports: ChangePorts,
  changed: Changed,
  state: FleetState,
  options: EffectOptions,
): Promise<Changed> {
  const old = liveGeneration(changed.before);
  const dead = state.proxies.some(
    ({ effect }) => !effect.effective && effect.cause === "dead worker",
  );
  const plan: Plan = (live) => {
    if (live.epoch !== changed.generation.epoch) {
      throw new GanglionError(
        "E_WEIGHTS_SUPERSEDED",
        `${objectName(live.key)} is at epoch ${live.epoch} by now: there is nothing of ours to revert`,
        { hint: "Look at `ganglion weights history`.", exitCode: 81 },
      );
    }
    const vmGeneration = live.vmGeneration + (dead ? 1 : 0);
    return { kind: "revert", of: old.epoch, generation: { ...old, vmGeneration } };
  };
  // What stood in the way of the change does not stand in the way of taking it back.
  const { epoch: _epoch, ...rest } = options;
  return changeWeights(ports, plan, { ...rest, reportedEpoch: fleetEpoch(state) });
}
