// An error as its reader sees it: what is wrong, what to do, and the code to search for. Errors
// that nobody raised on purpose are called internal, with the stack on demand.

import { ExitCode, GanglionError } from "./errors";

export interface ErrorReport {
  readonly lines: readonly string[];
  readonly exitCode: ExitCode;
}

/** @param verbose adds stacks and causes, as GANGLION_DEBUG=1 asks for */
export function errorReport(error: unknown, verbose = false): ErrorReport {
  if (!(error instanceof GanglionError)) {
    const message = error instanceof Error ? error.message : String(error);
    const stack = verbose && error instanceof Error ? [error.stack ?? ""] : [];
    return {
      lines: [
        `error: internal: ${message}`,
        "hint: This is a defect of ganglion; GANGLION_DEBUG=1 shows where.",
        ...stack,
      ],
      exitCode: ExitCode.failure,
    };
  }
  const lines = [`error: ${error.message}`];
  if (error.hint !== undefined) lines.push(`hint: ${error.hint}`);
  lines.push(`code: ${error.code}`);
  if (verbose) {
    lines.push(error.stack ?? "");
    if (error.cause instanceof Error) lines.push(`cause: ${error.cause.stack ?? ""}`);
  }
  return { lines, exitCode: error.exitCode };
}
