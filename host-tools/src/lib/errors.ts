// The one error class of the host tool. A plain Error has no code to test for, no exit status and
// no place for the sentence that tells the user what to do, so everything we throw on purpose is
// this.

/**
 * Exit statuses of the `ganglion` command (sysexits where they exist, istioctl's 79 for findings).
 */
export const ExitCode = {
  ok: 0,
  failure: 1,
  usage: 64,
  badInput: 65,
  findings: 79,
  rolledBack: 80,
  inconclusive: 81,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export interface GanglionErrorOptions {
  /** The lower-level error that led here. */
  readonly cause?: unknown;
  /** One sentence in the imperative: what the user can do about it. */
  readonly hint?: string;
  /** Process exit status; defaults to 1. Bad input is 65. */
  readonly exitCode?: ExitCode;
}

/**
 * An error the tool raises on purpose.
 *
 * @param code stable and greppable, `E_` followed by the concept, e.g. `E_ARTIFACT_MAGIC`
 * @param message names the field, the value and the bound
 */
export class GanglionError extends Error {
  override readonly name = "GanglionError";
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(code: string, message: string, options: GanglionErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? ExitCode.failure;
  }
}
