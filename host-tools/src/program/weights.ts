// Commands about new weights.

import { type Command, Option } from "commander";
import { waitOption, withClusterOptions } from "./cluster-options";
import { type Finish, epochOption, wholeNumber } from "./options";

export function addWeightsCommands(program: Command, finish: Finish): void {
  addPush(program, finish);
  const weights = program
    .command("weights")
    .description("change the weights of the filter in a cluster, and see that they act");
  for (const add of [
    addWeightsPush,
    addPromote,
    addRollback,
    addRearm,
    addStatus,
    addHistory,
    addRole,
  ]) {
    add(weights, finish);
  }
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
    .option("--shadow", "the model only counts what it would do; limits and arms act on")
    .option("--dry-run", "say what would change, write nothing")
    .action(async (model: string, options) => {
      finish(await (await import("../commands/push")).runPush(model, options));
    });
}

function addWeightsPush(weights: Command, finish: Finish): void {
  const command = weights
    .command("push")
    .description("apply new weights, and wait until every proxy runs them")
    .argument("<model>", "the artifact, as `ganglion train` writes it; - for standard input");
  changeOptions(command)
    .addOption(epochOption())
    .option("--sha256 <hex>", "refuse the artifact unless it has this digest")
    .option(
      "--shadow",
      "the model only counts what it would do, until `promote`; limits and arms act on",
    )
    .option("--re-arm", "new VMs with it, for workers whose filter has gone silent")
    .addOption(toFileOption())
    .action(async (model: string, options) => {
      const { runWeightsPush } = await import("../commands/weights-push");
      finish(await runWeightsPush(model, changed(options)));
    });
}

function addPromote(weights: Command, finish: Finish): void {
  const command = weights.command("promote").description("let a model act that was in shadow");
  changeOptions(command)
    .addOption(toFileOption())
    .action(async (options) => {
      const { runWeightsPromote } = await import("../commands/weights-promote");
      finish(await runWeightsPromote(changed(options)));
    });
}

function addRollback(weights: Command, finish: Finish): void {
  const command = weights
    .command("rollback")
    .description("put earlier weights back, under a new epoch");
  changeOptions(command)
    .addOption(
      new Option("--to <epoch>", "whose weights; by default the ones before these").argParser(
        wholeNumber(0, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(toFileOption())
    .action(async (options) => {
      const { runWeightsRollback } = await import("../commands/weights-rollback");
      finish(await runWeightsRollback(changed(options)));
    });
}

function addRearm(weights: Command, finish: Finish): void {
  const command = weights
    .command("re-arm")
    .description("the same weights in new VMs, for workers whose filter has gone silent");
  changeOptions(command).action(async (options) => {
    const { runWeightsRearm } = await import("../commands/weights-re-arm");
    finish(await runWeightsRearm(changed(options)));
  });
}

function addStatus(weights: Command, finish: Finish): void {
  const command = weights
    .command("status")
    .description("say which weights the object has and which the proxies run");
  fleetOptions(targetOptions(command))
    .addOption(outputOption())
    .action(async (options) => {
      finish(await (await import("../commands/weights-status")).runWeightsStatus(options));
    });
}

function addHistory(weights: Command, finish: Finish): void {
  const command = weights.command("history").description("list the generations that can come back");
  targetOptions(command)
    .addOption(outputOption())
    .action(async (options) => {
      finish(await (await import("../commands/weights-history")).runWeightsHistory(options));
    });
}

function addRole(weights: Command, finish: Finish): void {
  weights
    .command("role")
    .description("print the least rights that `weights` needs, for an administrator to apply")
    .requiredOption("-n, --namespace <namespace>", "namespace of the object")
    .option("--name <name>", "the object that carries the filter", "ganglion")
    .addOption(
      new Option("--kind <kind>", "its kind")
        .choices(["wasmplugin", "trafficextension"])
        .default("trafficextension"),
    )
    .option("--account <name>", "bind the Role to this service account")
    .addOption(
      new Option("--through <way>", "how proxies are read; none: --proxies or --prometheus")
        .choices(["direct", "apiserver", "none"])
        .default("direct"),
    )
    .action(async (options) => {
      finish(await (await import("../commands/weights-role")).runWeightsRole(options));
    });
}

function targetOptions(command: Command): Command {
  return withClusterOptions(command)
    .option("--name <name>", "the object that carries the filter", "ganglion")
    .addOption(
      new Option("--kind <kind>", "its kind, where there are both").choices([
        "wasmplugin",
        "trafficextension",
      ]),
    )
    .option("--root-namespace <namespace>", "Istio's root namespace", "istio-system")
    .option("--mesh-wide", "allow the root namespace, whose objects reach every proxy");
}

function fleetOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--through <way>", "how the proxies' metrics are read")
        .choices(["direct", "apiserver"])
        .default("direct"),
    )
    .option("--proxies <list>", "HOST:PORT of metrics pages instead of the selector's pods")
    .option("--prometheus <url>", "read the metrics from this Prometheus")
    .option("--istiod <list>", "HOST:PORT of istiod's monitoring port, to say why a proxy lags");
}

function changeOptions(command: Command): Command {
  return fleetOptions(targetOptions(command))
    .addOption(waitOption())
    .option("--revert", "put back what was before, if not every proxy runs it in time")
    .option("--take", "write past the GitOps controller that owns the object")
    .option("--force-conflicts", "take fields over from the managers that own them")
    .option("--plain-http", "speak HTTP to an image registry beyond loopback")
    .addOption(
      new Option("--dry-run [where]", "check only: here, or by the API server too")
        .choices(["client", "server"])
        .preset("server"),
    )
    .addOption(outputOption());
}

const toFileOption = (): Option =>
  new Option("--to-file <file>", "change the file that a GitOps controller applies; apply nothing");

const outputOption = (): Option =>
  new Option("-o, --output <form>", "form").choices(["text", "json"]).default("text");

/** The option is called --wait, its value is milliseconds. */
function changed<T extends { wait: number }>(options: T): T & { waitMs: number } {
  return { ...options, waitMs: options.wait };
}
