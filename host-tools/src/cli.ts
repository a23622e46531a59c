// The way into `ganglion`: parses, runs, and is the only place that prints errors and sets the exit
// status. What the commands are called and take stands in program.ts; what they do, in commands/.

import { CommanderError } from "commander";
import { errorReport } from "./lib/error-report";
import { ExitCode } from "./lib/errors";
import { paint, say } from "./lib/talk";
import { buildProgram } from "./program";

/** Commands that ask for completions; only for them is the completion library loaded. */
const COMPLETION_WORDS: readonly (string | undefined)[] = ["completion", "complete"];

async function main(): Promise<void> {
  const program = buildProgram((exitCode) => {
    process.exitCode = exitCode;
  });
  if (COMPLETION_WORDS.includes(process.argv[2])) {
    (await import("./commands/completion")).addCompletion(program);
  }
  await program.parseAsync();
}

function report(error: unknown): void {
  if (error instanceof CommanderError) {
    // Commander has printed its message; help and version are no errors.
    process.exitCode = error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    return;
  }
  const { lines, exitCode } = errorReport(error, Boolean(process.env.GANGLION_DEBUG));
  for (const line of lines) say(line.replace(/^error:/, paint.bad("error:")));
  process.exitCode = exitCode;
}

// A reader that has seen enough (`| head`) closes the pipe; that is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(ExitCode.ok);
  throw error;
});

// No handler for SIGINT: dying of the signal is what a shell shows as 130, and the guard of the
// child processes (rig/process-guard.ts) ends them first.
await main().catch(report);
