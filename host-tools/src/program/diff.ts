// Comparing a policy with what is there.

import { type Command, Option } from "commander";
import { withKubeconfig } from "./cluster-options";
import { epochOption, type Finish, withPolicyOption, withRenderChoices } from "./options";

export function addDiffCommands(program: Command, finish: Finish): void {
  const command = program
    .command("diff")
    .argument("[path]", "folder or file of manifests; - for standard input")
    .description("show what separates a policy from manifests or from a cluster; 79 if anything");
  withPolicyOption(command).option(
    "--cluster",
    "compare with the cluster, by a dry run of its API server",
  );
  withRenderChoices(withKubeconfig(command))
    .option("--model <file>", "artifact that the configuration is to hold; else any is right")
    .addOption(epochOption())
    .addOption(
      new Option("-o, --output <form>", "diffs, or one JSON document")
        .choices(["text", "json"])
        .default("text"),
    )
    .action(async (path, options) => {
      finish(await (await import("../commands/diff")).runDiff(path, options));
    });
}
