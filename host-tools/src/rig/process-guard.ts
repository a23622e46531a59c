// Child processes that are gone on any exit of ours: return, exception, process.exit, Ctrl-C, TERM,
// HUP, and even kill -9. An exit handler alone does not see the last one, so one small `sh` per rig
// process holds the read end of a pipe whose write end only we have: when we are gone, however that
// came about, the pipe closes and the watchdog ends what we had registered and removes our scratch
// folder. Each child leads a process group of its own, so that its own children go with it and a
// Ctrl-C in the terminal reaches it through us, in order.
//
// Signals: the guard kills the children at once, in the same turn, so that nobody sees them die and
// reports it as a failure, and then raises the signal again without its own listener: it ends us as
// it would have, or reaches whoever else listens. A program with something to do on Ctrl-C first
// (print a summary, write a report) says so with `beforeSignalExit`; a second signal does not wait
// for it.

import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How a guarded child ended; `error` if it could not be started at all. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

export interface GuardedChild {
  readonly process: ChildProcess;
  /** Resolves when the child is gone; never rejects. */
  readonly exited: Promise<ChildExit>;
  /** SIGTERM to the child's group, SIGKILL after `graceMs` (default 2000). Idempotent. */
  stop(graceMs?: number): Promise<ChildExit>;
}

const WATCHDOG = `
trap '' INT TERM HUP
pids=
while read -r verb pid; do
  if [ "$verb" = add ]; then pids="$pids $pid"; continue; fi
  kept=
  for p in $pids; do [ "$p" = "$pid" ] || kept="$kept $p"; done
  pids=$kept
done
for p in $pids; do kill -TERM "-$p"; done
tries=0
while [ $tries -lt 20 ]; do
  alive=
  for p in $pids; do kill -0 "-$p" && alive=1; done
  [ -z "$alive" ] && break
  sleep 0.1
  tries=$((tries + 1))
done
for p in $pids; do kill -KILL "-$p"; done
[ -n "$1" ] && rm -rf -- "$1"
`;

const live = new Set<ChildProcess>();
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
let watchdogPipe: Socket | undefined;
let scratchRoot = "";
let scratchCount = 0;
let isEnding = false;

export type SignalAction = (signal: NodeJS.Signals) => void | Promise<void>;
const signalActions = new Set<SignalAction>();

/** Runs `action` to its end when a signal is about to end us. Returns the way to take it back. */
export function beforeSignalExit(action: SignalAction): () => void {
  arm();
  signalActions.add(action);
  return () => signalActions.delete(action);
}

/**
 * `child_process.spawn` for a child that must not outlive us. stdio defaults to ignore, out and err
 * piped. Starting failures (ENOENT) do not throw: they come out of `exited`.
 */
export function spawnGuarded(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): GuardedChild {
  arm();
  const stdio = options.stdio ?? ["ignore", "pipe", "pipe"];
  const child = spawn(command, args, { ...options, stdio, detached: true });
  const pid = child.pid;
  if (pid !== undefined) {
    live.add(child);
    tell(`add ${pid}\n`);
  }
  const exited = new Promise<ChildExit>((resolve) => {
    const end = (exit: ChildExit): void => {
      live.delete(child);
      if (pid !== undefined) {
        signalGroup(pid, "SIGKILL"); // what the child itself may have left in its group
        tell(`del ${pid}\n`);
      }
      resolve(exit);
    };
    child.once("exit", (code, signal) => end({ code, signal }));
    child.once("error", (error) => {
      if (pid === undefined) end({ code: null, signal: null, error });
    });
  });
  return { process: child, exited, stop: (graceMs = 2000) => stopChild(child, exited, graceMs) };
}

async function stopChild(
  child: ChildProcess,
  exited: Promise<ChildExit>,
  graceMs: number,
): Promise<ChildExit> {
  if (child.pid === undefined || !live.has(child)) return exited;
  signalGroup(child.pid, "SIGTERM");
  const timer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), graceMs);
  const exit = await exited;
  clearTimeout(timer);
  return exit;
}

/** A new empty folder, removed with everything in it when this process is gone. */
export function scratchDir(label: string): string {
  arm();
  const path = join(scratchRoot, `${label}-${scratchCount++}`);
  mkdirSync(path, { recursive: true });
  return path;
}

function killAllNow(): void {
  for (const child of live) signalGroup(child.pid, "SIGKILL");
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: the group is gone, which is what we wanted.
  }
}

/** Installs the watchdog, the exit handler and the signal handlers, once per process. */
function arm(): void {
  if (watchdogPipe) return;
  scratchRoot = mkdtempSync(join(tmpdir(), "ganglion-"));
  const watchdog = spawn("sh", ["-c", WATCHDOG, "ganglion-watchdog", scratchRoot], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
  });
  watchdog.on("error", () => {
    // No sh: the exit and signal handlers below still work, only kill -9 is not covered.
  });
  watchdog.unref();
  watchdogPipe = watchdog.stdin as unknown as Socket;
  watchdogPipe.on("error", () => {});
  watchdogPipe.unref();
  process.on("exit", () => {
    killAllNow();
    rmSync(scratchRoot, { recursive: true, force: true, maxRetries: 3 });
  });
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function tell(line: string): void {
  if (watchdogPipe?.writable) watchdogPipe.write(line);
}

function onSignal(signal: NodeJS.Signals): void {
  const actions = isEnding ? [] : [...signalActions];
  isEnding = true;
  if (actions.length === 0) return endBy(signal);
  const done = actions.map(async (action) => action(signal));
  void Promise.allSettled(done).then(() => endBy(signal));
}

function endBy(signal: NodeJS.Signals): void {
  killAllNow();
  rmSync(scratchRoot, { recursive: true, force: true, maxRetries: 3 });
  process.removeListener(signal, onSignal);
  process.kill(process.pid, signal);
}
