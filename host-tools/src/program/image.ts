// Commands about the filter's image.

import { type Command, Option } from "commander";
import { type Finish } from "./options";

export function addImageCommands(program: Command, finish: Finish): void {
  for (const add of [addPack]) add(program, finish);
}

function addPack(program: Command, finish: Finish): void {
  program
    .command("pack")
    .description("pack the filter as an OCI image in the forms that Istio takes")
    .argument("[module]", "the filter's module; by default the one that this tool came with")
    .option("-o, --output <folder>", "write an OCI image layout")
    .option("--push <reference>", "push to a registry, HOST/NAME:TAG")
    .addOption(
      new Option("--form <form>", "layout of the image")
        .choices(["compat", "artifact", "both"])
        .default("artifact"),
    )
    .option("--revision <commit>", "source revision for the annotations")
    .option("--plain-http", "speak HTTP to a registry beyond loopback")
    .option("--dry-run", "print the digest, write and push nothing")
    .action(async (module: string | undefined, options) => {
      finish(await (await import("../commands/pack")).runPack(module, options));
    });
}
