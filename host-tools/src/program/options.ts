// Options and their parsers that several commands share.

import { type Command, InvalidArgumentError, Option } from "commander";
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

/** Adds -f, the policy. */
export function withPolicyOption(command: Command): Command {
  return command.option("-f, --file <file>", "the policy; - for standard input", "ganglion.yaml");
}

/** A Kubernetes name, as config/shape/format.ts has it; not from there, for a quick start. */
function namespaceName(text: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError("It must be lower-case letters, digits and '-', at most 63.");
}

/** Adds -n for commands whose namespace is by default the policy's. */
export function withPolicyNamespace(command: Command, of: string): Command {
  return command.addOption(
    new Option("-n, --namespace <namespace>", `${of}; by default the policy's`).argParser(
      namespaceName,
    ),
  );
}

/** Adds what the command line may say of a policy's objects, over the policy. */
export function withRenderChoices(command: Command): Command {
  return withPolicyNamespace(command, "namespace of all objects and services")
    .addOption(
      new Option("--kind <kind>", "the object that carries the filter; auto: by Istio's version")
        .choices(["auto", "wasmplugin", "trafficextension"])
        .default("auto"),
    )
    .option("--istio-version <version>", "Istio's version, over the one in the policy")
    .option("--image <reference>", "the filter's image, oci://HOST/NAME@sha256:DIGEST");
}

export const epochOption = (): Option =>
  new Option("--epoch <n>", "epoch of the configuration; only goes up").argParser(
    wholeNumber(0, Number.MAX_SAFE_INTEGER),
  );

export const seedOption = (): Option =>
  new Option("--seed <n>", "seed of everything random").argParser(wholeNumber(0, 2 ** 31 - 1));
