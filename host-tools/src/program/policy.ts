// Commands about the policy file and what is rendered from it.

import { type Command, Option } from "commander";
import { epochOption, type Finish, withPolicyOption, withRenderChoices } from "./options";

export function addPolicyCommands(program: Command, finish: Finish): void {
  for (const add of [addInit, addRender]) add(program, finish);
}

function addInit(program: Command, finish: Finish): void {
  program
    .command("init")
    .description("write a first policy file, commented and ready to render")
    .option("-s, --service <name...>", "Kubernetes services that it is about", ["llm-service"])
    .option("-n, --namespace <name>", "their namespace", "default")
    .option("--istio-version <version>", "Istio's version", "1.31")
    .option("-o, --output <file>", "where to; - for standard output", "ganglion.yaml")
    .action(async (options) => {
      finish(await (await import("../commands/init")).runInit(options));
    });
}

function addRender(program: Command, finish: Finish): void {
  const command = program
    .command("render")
    .description("render a policy file into what a mesh or an Envoy applies");
  withPolicyOption(command).addOption(
    new Option("--target <target>", "Istio objects, an Envoy bootstrap, or the pluginConfig")
      .choices(["istio", "envoy", "config"])
      .default("istio"),
  );
  withRenderChoices(command)
    .option("--model <file>", "artifact to put into the configuration")
    .addOption(epochOption())
    .option("--wasm <file>", "path of the module, for --target envoy", "ganglion.wasm")
    .option("-o, --output <path>", "folder for one file per object, or a file for envoy and config")
    .option("--prune", "remove files of an earlier render that the policy no longer gives")
    .option("--dry-run", "check and say what would be written, write nothing")
    .action(async (options) => {
      finish(await (await import("../commands/render")).runRender(options));
    });
}
