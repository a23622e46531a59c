// Commands about new weights.

import { type Command } from "commander";
import { type Finish, epochOption } from "./options";

export function addWeightsCommands(program: Command, finish: Finish): void {
  for (const add of [addPush]) add(program, finish);
}

function addPush(program: Command, finish: Finish): void {
  program
    .command("push")
    .description("put new weights into the pluginConfig of a rendered file")
    .argument("<model>", "the artifact, as `ganglion train` writes it")
    .requiredOption("-f, --file <file>", "rendered YAML to change; - for standard input")
    .option("-o, --output <file>", "write here instead of changing the file in place")
    .option("--name <name>", "which object, where the file holds several with our filter")
    .addOption(epochOption())
    .option("--sha256 <hex>", "refuse the artifact unless it has this digest")
    .option("--dry-run", "say what would change, write nothing")
    .action(async (model: string, options) => {
      finish(await (await import("../commands/push")).runPush(model, options));
    });
}
