// Shell completion for bash, zsh, fish and PowerShell, made from the table of commands itself by
// @bomb.sh/tab. A module of its own because the library is loaded for nothing else.

import addTab from "@bomb.sh/tab/commander";
import type { Command } from "commander";

/** Replaces the stub in the table by the real command, and adds the hidden one that shells call. */
export function addCompletion(program: Command): void {
  const commands = program.commands as Command[];
  const stub = commands.findIndex((command) => command.name() === "completion");
  if (stub >= 0) commands.splice(stub, 1);
  addTab(program, { completionCommandName: "completion" });
}
