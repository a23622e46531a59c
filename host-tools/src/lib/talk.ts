// What the tool says to people: always on stderr, so that stdout carries data alone and can be
// piped. Coloured only for a terminal that wants it; decided for stderr, because picocolors looks
// at stdout.

import picocolors from "picocolors";

/** True when escape sequences may be written to the stream. */
export function wantsColour(stream: { readonly isTTY?: boolean }): boolean {
  const { NO_COLOR, TERM } = process.env;
  return stream.isTTY === true && !NO_COLOR && TERM !== "dumb";
}

const colours = picocolors.createColors(wantsColour(process.stderr));

/** Colours for stderr; functions that return their argument where colour is not wanted. */
export const paint = {
  bad: colours.red,
  good: colours.green,
  dim: colours.dim,
  strong: colours.bold,
} as const;

/** The same for what goes to stdout, decided for it: a pipe gets none. */
export function stdoutPaint(): typeof paint {
  const own = picocolors.createColors(wantsColour(process.stdout));
  return { bad: own.red, good: own.green, dim: own.dim, strong: own.bold };
}

/** A number with its noun, plural by an s: `1 object`, `2 objects`. */
export function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** One line for people. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
