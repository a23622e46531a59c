// Commands about the tool itself.

import { type Command } from "commander";
import { VERSION } from "../lib/version";

export function addToolCommands(program: Command): void {
  for (const add of [addCompletionStub, addVersion]) add(program);
}

function addCompletionStub(program: Command): void {
  program
    .command("completion")
    .argument("<shell>")
    .description("print a shell's completion script");
}

function addVersion(program: Command): void {
  program
    .command("version")
    .description("print the version")
    .action(() => {
      process.stdout.write(`${VERSION}\n`);
    });
}
