// The table of commands: names, options, one sentence each, by groups in program/. No logic, and
// nothing heavy: a command's code is imported when it runs, so that `--help` answers at once.

import { Command } from "commander";
import { VERSION } from "./lib/version";
import { addModelCommands } from "./program/model";
import { addPolicyCommands } from "./program/policy";
import { addDiffCommands } from "./program/diff";
import { addImageCommands } from "./program/image";
import { addWeightsCommands } from "./program/weights";
import { addMeshCommands } from "./program/mesh";
import { addRolloutCommands } from "./program/rollout";
import { addTrafficCommands } from "./program/traffic";
import { addToolCommands } from "./program/tool";
import { addVerifyCommands } from "./program/verify";
import type { Finish } from "./program/options";

/** @param finish told the exit status of a command that ended without an error */
export function buildProgram(finish: Finish): Command {
  const program = new Command("ganglion")
    .description(
      "Reflexes for every sidecar: trains, packs, renders and pushes the Ganglion filter for " +
        "Envoy and Istio, and proves what it does.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText(
      "after",
      "\nData goes to stdout, talk to stderr. Exit status: 0 ok, 1 error, 64 usage, 65 bad input,\n" +
        "79 findings, 80 rolled back, 81 inconclusive, 130 interrupted. NO_COLOR turns colours off, GANGLION_DEBUG=1 shows stacks.",
    );
  for (const add of [
    addModelCommands,
    addPolicyCommands,
    addDiffCommands,
    addVerifyCommands,
    addImageCommands,
    addWeightsCommands,
    addMeshCommands,
    addRolloutCommands,
    addTrafficCommands,
    addToolCommands,
  ]) {
    add(program, finish);
  }
  return program;
}
