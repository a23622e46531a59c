// What the commands that change weights share: open, change, wait, tell.

import { ExitCode } from "../lib/errors";
import { writeOutput } from "../lib/output";
import { say } from "../lib/talk";
import type { Plan } from "./change-weights";
import { changeAndAwait } from "./effective-change";
import { changeFile } from "./file-change";
import type { FleetState } from "./fleet";
import { count, fileChangeJson, outcomeJson, sayFileChange, sayOutcome } from "./report";
import { type FleetOptions, type ImageOptions, openSession, type Session } from "./session";
import type { TargetOptions } from "./session";

export interface ChangeCommandOptions extends TargetOptions, FleetOptions, ImageOptions {
  readonly epoch?: number;
  readonly waitMs: number;
  readonly revert?: boolean;
  readonly take?: boolean;
  readonly forceConflicts?: boolean;
  readonly dryRun?: "client" | "server";
  /** The file that a GitOps controller applies: it is changed, and nothing applied. */
  readonly toFile?: string;
  /** How a GitOps controller's file is changed, where --to-file cannot. */
  readonly fileWay?: string;
  readonly output: "text" | "json";
}

/** @throws GanglionError */
export async function runChange(plan: Plan, options: ChangeCommandOptions): Promise<ExitCode> {
  const session = await openSession(options, options, options);
  if (options.toFile !== undefined) return runFileChange(session, plan, options.toFile, options);
  const outcome = await changeAndAwait(session.ports, plan, {
    place: session.place,
    fleetOf: session.fleetOf,
    epoch: options.epoch,
    waitMs: options.waitMs,
    revert: options.revert === true,
    take: options.take === true,
    fileWay: options.fileWay,
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

async function runFileChange(
  session: Session,
  plan: Plan,
  file: string,
  options: ChangeCommandOptions,
): Promise<ExitCode> {
  const { epoch } = options;
  const dryRun = options.dryRun !== undefined;
  const change = await changeFile(session, plan, file, { epoch, dryRun });
  sayFileChange(file, change, dryRun);
  if (options.output === "json") {
    await writeOutput(`${JSON.stringify(fileChangeJson(file, change, dryRun))}\n`, undefined);
  }
  return ExitCode.ok;
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
