// Commands that prove a mesh's configuration.

import { type Command, Option } from "commander";
import { withKubeconfig } from "./cluster-options";
import { type Finish } from "./options";

export function addVerifyCommands(program: Command, finish: Finish): void {
  for (const add of [addVerify]) add(program, finish);
}

/** A folder that is called as a command below is named `./role`. */
function addVerify(program: Command, finish: Finish): void {
  const command = program
    .command("verify")
    .description("prove by arithmetic what is broken in Istio's configuration; exit 79 on findings")
    .argument("[paths...]", "files and folders, - for standard input; by default this folder")
    .option("--cluster", "read the objects of the cluster instead")
    .option("-n, --namespace <name>", "the cluster's namespace; of objects that name none")
    .option("-A, --all-namespaces", "with --cluster: all of them");
  withKubeconfig(command)
    .option("--policy <file>", "policy file whose `calls` say who calls whom")
    .addOption(
      new Option("-o, --output <form>", "form; patch: what `git apply` takes")
        .choices(["text", "json", "sarif", "patch"])
        .default("text"),
    )
    .option("--rule <id...>", "only these rules")
    .option("--ignore <id...>", "all but these")
    .option("--fix", "write the corrections into the files")
    .option("--analyze", "show beside it what `istioctl analyze` says of the same input")
    .option("--istioctl <file>", "the istioctl for --analyze; else GANGLION_ISTIOCTL, else PATH")
    .option("--witness <rule>", "read nothing; show on an Envoy what the rule claims, or all rules")
    .option("--admin <address>", "ask a running Envoy, HOST:PORT, what it has of --policy")
    .option("--service <name>", "with --admin: this service of the policy alone")
    .action(async (paths: string[], options) => {
      if (options.admin !== undefined) {
        const { runVerifyProxy } = await import("../commands/verify-proxy");
        finish(await runVerifyProxy(paths, options));
        return;
      }
      if (options.witness !== undefined) {
        const { runVerifyWitness } = await import("../commands/verify-witness");
        finish(await runVerifyWitness(paths, options));
        return;
      }
      finish(await (await import("../commands/verify")).runVerify(paths, options));
    });
  addRole(command, finish);
}

function addRole(verify: Command, finish: Finish): void {
  verify
    .command("role")
    .description(
      "print the least rights that `verify --cluster` needs, as YAML for an administrator",
    )
    .requiredOption("-n, --namespace <name>", "namespace to be read, and of the account")
    .option("--account <name>", "bind the Role to this service account")
    .action(async (options) => {
      const { runVerifyRole } = await import("../commands/verify-role");
      finish(await runVerifyRole(options));
    });
}
