// Commands of a canary rollout.

import { type Command, Option } from "commander";
import { withKubeconfig } from "./cluster-options";
import { type Finish, wholeNumber, withPolicyNamespace, withPolicyOption } from "./options";

export function addRolloutCommands(program: Command, finish: Finish): void {
  const rollout = program
    .command("rollout")
    .description("shift traffic to a canary by steps, and back when it fails");
  for (const [mode, description] of forward) addForward(rollout, finish, mode, description);
  addStatus(rollout, finish);
  for (const [order, description] of orders) addOrder(rollout, finish, order, description);
  addFinish(rollout, finish);
  addRetry(rollout, finish);
  addRules(rollout, finish);
  addRole(rollout, finish);
}

const forward = [
  [
    "start",
    "begin a rollout and see it through: exit 0 completed, 80 rolled back, 81 inconclusive",
  ],
  ["run", "go on with the rollout that is under way, tell the end of one that is over, or begin"],
] as const;
const orders = [
  ["pause", "stay at this weight; a bad canary is still rolled back"],
  ["resume", "go on after a pause"],
  ["abort", "give all traffic back to the stable arm, in one write"],
  ["promote", "give all traffic to the canary now, without waiting for the analysis"],
] as const;

function addForward(
  rollout: Command,
  finish: Finish,
  mode: (typeof forward)[number][0],
  description: string,
): void {
  const command = shared(rollout, mode, description)
    .addOption(formOption())
    .option("--report <file>", "also write the report here, Markdown, or JSON for *.json")
    .option("--take", "begin past the GitOps controller that owns the VirtualService")
    .option("--dry-run", "show the steps, write nothing")
    .action(async (service: string, options) => {
      const { runRolloutForward } = await import("../commands/rollout");
      finish(await runRolloutForward(mode, service, options));
    });
  command.addHelpText(
    "after",
    "\nThe state is kept in the cluster: a tool that was killed is followed by `rollout run`.",
  );
}

function addStatus(rollout: Command, finish: Finish): void {
  shared(rollout, "status", "show how far it is, with figures and evidence")
    .addOption(formOption())
    .action(async (service: string, options) => {
      const { runRolloutStatus } = await import("../commands/rollout");
      finish(await runRolloutStatus(service, options));
    });
}

function addOrder(
  rollout: Command,
  finish: Finish,
  order: (typeof orders)[number][0],
  description: string,
): void {
  shared(rollout, order, description)
    .option("--dry-run", "let the API server check the write, and store nothing")
    .action(async (service: string, options) => {
      const { runRolloutOrder } = await import("../commands/rollout");
      finish(await runRolloutOrder(order, service, { output: "text", ...options }));
    });
}

function addFinish(rollout: Command, finish: Finish): void {
  shared(rollout, "finish", "show the policy's change that makes a completed canary the stable arm")
    .option(
      "--to-file <file>",
      "write the changed policy there instead, by default show the change",
    )
    .action(async (service: string, options) => {
      const { runRolloutFinish } = await import("../commands/rollout-policy");
      finish(await runRolloutFinish(service, options));
    });
}

function addRetry(rollout: Command, finish: Finish): void {
  offline(rollout, "retry", "show the policy's change that lets a killed canary in again")
    .option(
      "--to-file <file>",
      "write the changed policy there instead, by default show the change",
    )
    .action(async (service: string, options) => {
      const { runRolloutRetry } = await import("../commands/rollout-policy");
      finish(await runRolloutRetry(service, options));
    });
}

function addRules(rollout: Command, finish: Finish): void {
  const command = offline(
    rollout,
    "rules",
    "print the VirtualService at a weight, to commit where a GitOps controller owns it",
  );
  withPolicyNamespace(command, "of the VirtualService")
    .addOption(
      new Option("--weight <percent>", "share of the canary")
        .argParser(wholeNumber(0, 100))
        .makeOptionMandatory(),
    )
    .option("--to-file <file>", "write it there; by default to standard output")
    .action(async (service: string, options) => {
      const { runRolloutRules } = await import("../commands/rollout-policy");
      finish(await runRolloutRules(service, options));
    });
}

function addRole(rollout: Command, finish: Finish): void {
  const command = offline(
    rollout,
    "role",
    "print the least rights that a rollout needs, as YAML for an administrator",
  );
  withPolicyNamespace(command, "of the VirtualService")
    .option("--account <name>", "service account to bind, in the same namespace")
    .action(async (service: string, options) => {
      const { runRolloutRole } = await import("../commands/rollout");
      finish(await runRolloutRole(service, options));
    });
}

function shared(rollout: Command, name: string, description: string): Command {
  const command = offline(rollout, name, description);
  return withKubeconfig(withPolicyNamespace(command, "of the VirtualService"));
}

/** Of the policy alone. */
function offline(rollout: Command, name: string, description: string): Command {
  const command = rollout.command(name).description(description);
  return withPolicyOption(
    command.argument("<service>", "a service of the policy that has a rollout"),
  );
}

const formOption = (): Option =>
  new Option("-o, --output <form>", "form of the report")
    .choices(["text", "json", "markdown"])
    .default("text");
