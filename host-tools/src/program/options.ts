// Options and their parsers that several commands share.

import { InvalidArgumentError, Option } from "commander";
import type { ExitCode } from "../lib/errors";

/** Told the exit status of a command that ended without an error. */
export type Finish = (exitCode: ExitCode) => void;

/** Text to a whole number in [low, high], with commander's own kind of error. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= low && value <= high) {
      return value;
    }
    throw new InvalidArgumentError(`It must be a whole number in [${low}, ${high}].`);
  };
}

export const epochOption = (): Option =>
  new Option("--epoch <n>", "epoch of the configuration; only goes up").argParser(
    wholeNumber(0, Number.MAX_SAFE_INTEGER),
  );

export const seedOption = (): Option =>
  new Option("--seed <n>", "seed of everything random").argParser(wholeNumber(0, 2 ** 31 - 1));
