// Commands of a canary rollout.

import { type Command, Option } from "commander";
import { type Finish } from "./options";

export function addRolloutCommands(program: Command, finish: Finish): void {
  const rollout = program
    .command("rollout")
    .description("shift traffic to a canary by steps, and back when it fails");
  for (const [mode, description] of forward) addForward(rollout, finish, mode, description);
  addStatus(rollout, finish);
  for (const [order, description] of orders) addOrder(rollout, finish, order, description);
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

function addRole(rollout: Command, finish: Finish): void {
  rollout
    .command("role")
    .description("print the least rights that a rollout needs, as YAML for an administrator")
    .argument("<service>", "a service of the policy that has a rollout")
    .option("-f, --file <file>", "the policy; - for standard input", "ganglion.yaml")
    .option("-n, --namespace <namespace>", "of the VirtualService; by default the policy's")
    .option("--account <name>", "service account to bind, in the same namespace")
    .action(async (service: string, options) => {
      const { runRolloutRole } = await import("../commands/rollout");
      finish(await runRolloutRole(service, options));
    });
}

function shared(rollout: Command, name: string, description: string): Command {
  return rollout
    .command(name)
    .description(description)
    .argument("<service>", "a service of the policy that has a rollout")
    .option("-f, --file <file>", "the policy; - for standard input", "ganglion.yaml")
    .option("-n, --namespace <namespace>", "of the VirtualService; by default the policy's")
    .option("--context <context>", "context of the kubeconfig; by default its current one")
    .option("--kubeconfig <file>", "kubeconfig; by default KUBECONFIG, then ~/.kube/config");
}

const formOption = (): Option =>
  new Option("-o, --output <form>", "form of the report")
    .choices(["text", "json", "markdown"])
    .default("text");
