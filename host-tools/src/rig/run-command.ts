// Runs a command to its end and returns what it printed. execFile would do, but its child outlives
// us on a crash; this one is guarded.

import { spawnGuarded } from "./process-guard";

export interface CommandResult {
  /** Exit status; null if killed by a signal, timed out, or not started. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** Set when the command could not be started (not found, not executable). */
  readonly error?: Error;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Default 60 s. */
  readonly timeoutMs?: number;
  /** Called with each complete line of stderr, for progress. */
  readonly onStderrLine?: (line: string) => void;
}

/** Never throws: a command that is missing or fails is in the result. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const child = spawnGuarded(command, args, {
    env: (options.env ?? process.env) as NodeJS.ProcessEnv,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let stdout = "";
  let stderr = "";
  let partial = "";
  child.process.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (!options.onStderrLine) return;
    const lines = (partial + text).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) options.onStderrLine(line);
  });
  const closed = new Promise<void>((resolve) => {
    child.process.once("close", () => resolve());
    child.process.once("error", () => resolve());
  });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    void child.stop();
  }, options.timeoutMs ?? 60_000);
  const exit = await child.exited;
  clearTimeout(timer);
  await closed;
  const status = timedOut ? null : exit.code;
  return { status, stdout, stderr, timedOut, ...(exit.error ? { error: exit.error } : {}) };
}
