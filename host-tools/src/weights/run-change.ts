// What the commands that change weights share: open, change, wait, tell.

import type { ExitCode } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import type { Plan } from "./change-weights";
import { changeAndAwait } from "./effective-change";
import type { FleetState } from "./fleet";
import { count, outcomeJson, sayOutcome } from "./report";
import { type FleetOptions, type ImageOptions, openSession, type TargetOptions } from "./session";

export interface ChangeCommandOptions extends TargetOptions, FleetOptions, ImageOptions {
  readonly epoch?: number;
  readonly waitMs: number;
  readonly revert?: boolean;
  readonly take?: boolean;
  readonly forceConflicts?: boolean;
  readonly dryRun?: "client" | "server";
  readonly output: "text" | "json";
}

/** @throws GanglionError */
export async function runChange(plan: Plan, options: ChangeCommandOptions): Promise<ExitCode> {
  const session = await openSession(options, options, options);
  const outcome = await changeAndAwait(session.ports, plan, {
    place: session.place,
    fleetOf: session.fleetOf,
    epoch: options.epoch,
    waitMs: options.waitMs,
    revert: options.revert === true,
    take: options.take === true,
    forceConflicts: options.forceConflicts === true,
    dryRun: options.dryRun,
    onRound: progress(),
  });
  const exitCode = sayOutcome(outcome);
  if (options.output === "json") {
    await writeOutput(`${JSON.stringify(outcomeJson(outcome))}\n`, undefined);
  }
  return exitCode;
}

/** A line whenever the count has moved, and every few seconds where it has not. */
function progress(): (state: FleetState, epoch: number, elapsedMs: number) => void {
  const EVERY_MS = 5_000;
  let said = "";
  let saidMs = -EVERY_MS;
  return (state, epoch, elapsedMs) => {
    const line = `${count(state)} run epoch ${epoch}`;
    if (line === said && elapsedMs - saidMs < EVERY_MS) return;
    said = line;
    saidMs = elapsedMs;
    say(`${(elapsedMs / 1000).toFixed(1).padStart(5)} s  ${line}`);
  };
}
