// Commands that look at a mesh at work.

import { type Command, Option } from "commander";
import { type Finish } from "./options";

export function addMeshCommands(program: Command, finish: Finish): void {
  for (const add of [addIdentity]) add(program, finish);
}

function addIdentity(program: Command, finish: Finish): void {
  program
    .command("identity")
    .description("print the SPIFFE identity in a workload's certificate, its serial and validity")
    .option("--admin <address>", "Envoy's admin, HOST:PORT", "127.0.0.1:15000")
    .option("--expect <name>", "exit 79 unless it is this spiffe:// name or principal")
    .addOption(new Option("-o, --output <form>", "form").choices(["text", "json"]).default("text"))
    .addHelpText(
      "after",
      "\nFor a pod: kubectl port-forward -n NAMESPACE POD 15000, and run this beside it.",
    )
    .action(async (options) => {
      finish(await (await import("../commands/identity")).runIdentity(options));
    });
}
